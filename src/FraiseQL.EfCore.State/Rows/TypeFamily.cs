namespace FraiseQL.EfCore.State.Rows;

/// <summary>One type and the forms in which a column can hold it. Kinds are made when they are first asked for.</summary>
/// <param name="number">The type's number in the L2 payload, below 128.</param>
/// <param name="name">What tells apart types with the same number.</param>
internal abstract class TypeFamily(int number, string name)
{
    /// <summary>The number of types that are known by their name.</summary>
    public const int Named = 127;

    public int Number { get; } = number;

    public string Name { get; } = name;

    public abstract Type ClrType { get; }

    /// <summary>The kind of a form; <see langword="null"/> when the type cannot have it.</summary>
    public abstract ColumnKind? Create(TypeForm form);

    // Arrays and lists of the first types have numbers of their own, which payloads of that time carry.
    public static int IdOf(int number, TypeForm form)
    {
        if (form is TypeForm.Array or TypeForm.List && ArrayNumber(number) is > 0 and var array)
        {
            return form == TypeForm.Array ? array : array + 30;
        }

        return number | ((int)form << 7);
    }

    public static (int Number, TypeForm Form) Parse(int id)
    {
        if (id is >= 40 and <= 53 or >= 70 and <= 83)
        {
            var array = id >= 70 ? id - 30 : id;
            for (var number = 1; number <= 20; number++)
            {
                if (ArrayNumber(number) == array)
                {
                    return (number, id >= 70 ? TypeForm.List : TypeForm.Array);
                }
            }
        }

        return (id & 127, (TypeForm)(id >> 7));
    }

    protected int Id(TypeForm form) => IdOf(Number, form);

    private static int ArrayNumber(int number) => number switch
    {
        1 => 40,
        4 => 41,
        6 => 42,
        8 => 43,
        10 => 44,
        11 => 45,
        12 => 46,
        14 => 47,
        >= 15 and <= 20 => number + 33,
        _ => 0,
    };
}
