namespace FraiseQL.EfCore.State.Rows;

/// <summary>How a column holds values of a type. The numbers are part of the L2 payload.</summary>
internal enum TypeForm
{
    /// <summary>One value.</summary>
    Single = 0,

    /// <summary><c>T[]</c>.</summary>
    Array = 1,

    /// <summary><c>List&lt;T&gt;</c>.</summary>
    List = 2,

    /// <summary><c>T[,]</c>.</summary>
    Matrix = 3,

    /// <summary><c>HashSet&lt;T&gt;</c>.</summary>
    Set = 4,

    /// <summary><c>T?[]</c> of a value type.</summary>
    NullableArray = 5,

    /// <summary><c>List&lt;T?&gt;</c> of a value type.</summary>
    NullableList = 6,

    /// <summary><c>T?[,]</c> of a value type.</summary>
    NullableMatrix = 7,
}
