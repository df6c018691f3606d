using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.MigrationsTests.Models;

/// <summary>What EF can map, one shape each.</summary>
internal static class ModelShapes
{
    public static readonly IReadOnlyDictionary<string, ModelCase> All = new Dictionary<string, ModelCase>
    {
        ["a table for each concrete type"] = new(_ => { }, Tpc,
            "insert into circles (\"Id\", \"Radius\") values (1, 2); insert into squares (\"Id\", \"Side\") values (2, 3); update squares set \"Side\" = 4",
            """
            public.circles Shape I {"Id": 1} - {"Id": 1}
            public.squares Shape I {"Id": 2} - {"Id": 2}
            public.squares Shape U {"Id": 2} {"Id": 2} {"Id": 2} {Side}
            """),
        ["two entities in one table"] = new(_ => { }, Shared,
            "insert into orders (\"Id\", \"Status\", \"Note\") values (1, 2, 'n'); update orders set \"Note\" = 'm'",
            """
            public.orders Order I {"Id": 1} - {"Id": 1}
            public.orders Order U {"Id": 1} {"Id": 1} {"Id": 1} {Note}
            """),
        ["one entity in two tables"] = new(_ => { }, Split,
            "insert into orders (\"Id\", \"Status\") values (1, 2); insert into order_notes (\"Id\", \"Note\") values (1, 'n'); update order_notes set \"Note\" = 'm'; delete from order_notes",
            """
            public.orders Order I {"Id": 1} - {"Id": 1}
            public.order_notes Order U {"Id": 1} - {"Id": 1}
            public.order_notes Order U {"Id": 1} {"Id": 1} {"Id": 1} {Note}
            public.order_notes Order U {"Id": 1} {"Id": 1} -
            """),
        ["owned in the row, in a table, in JSON and nested"] = new(_ => { }, Owned,
            """
            insert into buyers ("Id", "Home_Street", "Extra") values (1, 's', '{"Gift": true}');
            insert into buyer_phones ("BuyerId", "Id", "Number") values (1, 5, '555');
            insert into buyer_calls ("PhoneBuyerId", "PhoneId", "Id", "Seconds") values (1, 5, 9, 60);
            update buyers set "Extra" = '{"Gift": false}';
            update buyers set "Home_Street" = 't';
            delete from buyer_calls
            """,
            """
            public.buyers Buyer I {"Id": 1} - {"Id": 1}
            public.buyer_phones Buyer U {"Id": 1} - {"Id": 5, "BuyerId": 1}
            public.buyer_calls Buyer U {"Id": 1} - {"Id": 9, "PhoneId": 5, "PhoneBuyerId": 1}
            public.buyers Buyer U {"Id": 1} {"Id": 1} {"Id": 1} {Extra}
            public.buyers Buyer U {"Id": 1} {"Id": 1} {"Id": 1} {Home_Street}
            public.buyer_calls Buyer U {"Id": 1} {"Id": 9, "PhoneId": 5, "PhoneBuyerId": 1} -
            """),
        ["many to many"] = new(_ => { }, ManyToMany,
            "insert into labels values (1), (2); insert into papers values (1); insert into \"LabelPaper\" values (1, 1), (2, 1); delete from labels where \"Id\" = 2",
            """
            public.labels Label I {"Id": 1} - {"Id": 1}
            public.labels Label I {"Id": 2} - {"Id": 2}
            public.papers Paper I {"Id": 1} - {"Id": 1}
            public.LabelPaper LabelPaper I {"LabelsId": 1, "PapersId": 1} - {"LabelsId": 1, "PapersId": 1}
            public.LabelPaper LabelPaper I {"LabelsId": 2, "PapersId": 1} - {"LabelsId": 2, "PapersId": 1}
            public.labels Label D {"Id": 2} {"Id": 2} -
            public.LabelPaper LabelPaper D {"LabelsId": 2, "PapersId": 1} {"LabelsId": 2, "PapersId": 1} -
            """),
        ["keys of every kind"] = new(_ => { }, Keys,
            """
            insert into "by long" values (9000000000); insert into by_text values ('a''b'); insert into by_uuid values ('11111111-2222-3333-4444-555555555555');
            insert into by_two values (1, 'x'); insert into by_bytes values ('\x01ff'); insert into by_alternate ("Code", id) values ('c', 1);
            insert into refers (id, code) values (1, 'c')
            """,
            """
            public.by long ByLong I {"id": 9000000000} - {"id": 9000000000}
            public.by_text ByText I {"id": "a'b"} - {"id": "a'b"}
            public.by_uuid ByUuid I {"id": "11111111-2222-3333-4444-555555555555"} - {"id": "11111111-2222-3333-4444-555555555555"}
            public.by_two ByTwo I {"a": 1, "b": "x"} - {"a": 1, "b": "x"}
            public.by_bytes ByBytes I {"id": "\\x01ff"} - {}
            public.by_alternate ByAlternate I {"id": 1} - {"id": 1}
            public.refers Refers I {"id": 1} - {"id": 1, "code": "c"}
            """),
    };

    private static void Tpc(ModelBuilder model)
    {
        model.Entity<Shape>().UseTpcMappingStrategy().Property(s => s.Id).ValueGeneratedNever();
        model.Entity<Circle>().ToTable("circles");
        model.Entity<Square>().ToTable("squares");
    }

    private static void Shared(ModelBuilder model)
    {
        model.Entity<Order>(b =>
        {
            b.ToTable("orders").Property(o => o.Id).ValueGeneratedNever();
            b.Ignore(o => o.Note).Ignore(o => o.Phones);
            b.HasOne(o => o.Details).WithOne().HasForeignKey<OrderDetails>(d => d.Id);
        });
        model.Entity<OrderDetails>().ToTable("orders");
    }

    private static void Split(ModelBuilder model) => model.Entity<Order>(b =>
    {
        b.ToTable("orders").Property(o => o.Id).ValueGeneratedNever();
        b.Ignore(o => o.Details).Ignore(o => o.Phones);
        b.SplitToTable("order_notes", notes => notes.Property(o => o.Note));
    });

    private static void Owned(ModelBuilder model) => model.Entity<Buyer>(b =>
    {
        b.ToTable("buyers").Property(o => o.Id).ValueGeneratedNever();
        b.OwnsOne(o => o.Home);
        b.OwnsOne(o => o.Extra, extra => extra.ToJson());
        b.OwnsMany(o => o.Phones, phone =>
        {
            phone.ToTable("buyer_phones");
            phone.OwnsMany(p => p.Calls, call => call.ToTable("buyer_calls"));
        });
    });

    private static void ManyToMany(ModelBuilder model)
    {
        model.Entity<Label>().ToTable("labels").Property(l => l.Id).ValueGeneratedNever();
        model.Entity<Paper>().ToTable("papers").Property(p => p.Id).ValueGeneratedNever();
    }

    private static void Keys(ModelBuilder model)
    {
        Key<long>("ByLong", "by long");
        Key<string>("ByText", "by_text");
        Key<Guid>("ByUuid", "by_uuid");
        Key<byte[]>("ByBytes", "by_bytes");
        model.Entity("ByTwo", b =>
        {
            b.ToTable("by_two").Property<int>("a");
            b.Property<string>("b");
            b.HasKey("a", "b");
        });
        model.Entity("ByAlternate", b =>
        {
            b.ToTable("by_alternate").Property<int>("id").ValueGeneratedNever();
            b.Property<string>("Code");
            b.HasKey("id");
            b.HasAlternateKey("Code");
        });
        model.Entity("Refers", b =>
        {
            b.ToTable("refers").Property<int>("id").ValueGeneratedNever();
            b.Property<string>("code");
            b.HasKey("id");
            b.HasOne("ByAlternate").WithMany().HasForeignKey("code").HasPrincipalKey("Code");
        });

        void Key<T>(string entity, string table) => model.Entity(entity, b =>
        {
            b.ToTable(table).Property<T>("id").ValueGeneratedNever();
            b.HasKey("id");
        });
    }

    private abstract class Shape
    {
        public int Id { get; set; }
    }

    private sealed class Circle : Shape
    {
        public int Radius { get; set; }
    }

    private sealed class Square : Shape
    {
        public int Side { get; set; }
    }

    private sealed class Order
    {
        public int Id { get; set; }

        public int Status { get; set; }

        public string? Note { get; set; }

        public OrderDetails Details { get; set; } = null!;

        public List<Phone> Phones { get; } = [];
    }

    private sealed class OrderDetails
    {
        public int Id { get; set; }

        public string? Note { get; set; }
    }

    private sealed class Buyer
    {
        public int Id { get; set; }

        public Address? Home { get; set; }

        public Extra? Extra { get; set; }

        public List<Phone> Phones { get; } = [];
    }

    private sealed class Address
    {
        public string? Street { get; set; }
    }

    private sealed class Extra
    {
        public bool Gift { get; set; }
    }

    private sealed class Phone
    {
        public string? Number { get; set; }

        public List<Call> Calls { get; } = [];
    }

    private sealed class Call
    {
        public int Seconds { get; set; }
    }

    private sealed class Label
    {
        public int Id { get; set; }

        public List<Paper> Papers { get; } = [];
    }

    private sealed class Paper
    {
        public int Id { get; set; }

        public List<Label> Labels { get; } = [];
    }
}
