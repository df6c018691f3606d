using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;

namespace FraiseQL.EfCore.State.Tests.Model;

public sealed class CaptureModelTests
{
    [Fact]
    [Feature("U-14-inheritance")]
    public void The_design_time_and_the_runtime_model_give_the_same_capture()
    {
        using var context = new ShopContext();

        var design = Describe(CaptureModel.For(context.GetService<IDesignTimeModel>().Model));
        var runtime = Describe(CaptureModel.For(context.Model));

        Assert.Equal(design, runtime);
        Assert.Equal(
            """
            public.animals entity=Animal prefix=animal key=id event=id->id depends=id,owner_id cascades=public.dogs
            public.boats entity=Vehicle prefix=vehicle key=id event=id->id depends=id cascades=
            public.cars entity=Vehicle prefix=vehicle key=id event=id->id depends=id cascades=
            public.customers entity=Customer prefix=customer key=id event=id->id depends=id cascades=public.animals,public.order_line_notes,public.order_lines,sales.Orders
            public.dogs entity=Animal prefix=animal part key=id event=id->id depends=id cascades=
            public.measures entity=Measure prefix=measure key=at event=at->at depends=kind cascades=
            public.order_line_notes entity=Order prefix=order part key=order_id,line_id,id event=order_id->Id depends=order_id,line_id,id cascades=
            public.order_lines entity=Order prefix=order part key=order_id,id event=order_id->Id depends=order_id,id,product_code cascades=public.order_line_notes
            public.product_tags entity=ProductTag prefix=product_tag key=products_code,tags_id event=products_code->products_code,tags_id->tags_id depends=products_code,tags_id cascades=
            public.products entity=Product prefix=product key=code event=code->code depends=code cascades=public.product_tags
            public.tags entity=Tag prefix=tag key=id event=id->id depends=id cascades=public.product_tags
            sales.Orders entity=Order prefix=order key=Id event=Id->Id depends=Id,CustomerId cascades=public.order_line_notes,public.order_lines
            """.ReplaceLineEndings("\n"),
            design);
    }

    [Fact]
    public void A_table_is_found_by_its_schema_and_name_and_by_its_relation()
    {
        using var context = new ShopContext();
        var model = CaptureModel.For(context.Model);

        Assert.Same(model, CaptureModel.For(context.Model));
        Assert.Equal("public.tags", model.Find(null, "tags")!.Relation);
        Assert.Equal("Order", model.Find("sales", "Orders")!.Entity);
        Assert.Same(model.Find("sales.Orders"), model.Find("sales", "Orders"));
        Assert.Null(model.Find("public", "secrets"));
        Assert.Null(model.Find("elsewhere", "tags"));
    }

    [Fact]
    public void A_dependency_column_has_exact_equality_in_sql_json_and_dotnet()
    {
        using var context = new ShopContext();
        var model = CaptureModel.For(context.Model);

        // An enum is its number; a converted type is what the converter makes of it.
        Assert.True(model.Find(null, "measures")!.TryGetDependencyColumn("kind", out var kind));
        Assert.Equal(new CapturedColumn("kind", "integer", typeof(int)), kind);
        // Times, collated texts, citext and blank-padded texts are not.
        Assert.Equal(["at"], model.Find(null, "measures")!.Key.Select(k => k.Name));
        Assert.DoesNotContain(model.Find(null, "measures")!.DependencyColumns, c => c.Name is "at" or "collated" or "insensitive" or "padded");
    }

    [Theory]
    [InlineData("Post", "post")]
    [InlineData("PostTag", "post_tag")]
    [InlineData("HTTPServer", "http_server")]
    [InlineData("User2FA", "user2_fa")]
    [InlineData("Already_Snake", "already_snake")]
    [InlineData("Ä", "ä")]
    public void An_event_is_named_in_snake_case(string entity, string prefix) => Assert.Equal(prefix, EntityNames.ToSnakeCase(entity));

    [Theory]
    [InlineData("Blog.Data.Post", "Post")]
    [InlineData("Blog.Outer+Post", "Post")]
    [InlineData("PostTag", "PostTag")]
    [InlineData("Blog.Order.Lines#OrderLine", "OrderLine")]
    [InlineData("Blog.Item<Blog.Post>", "Item")]
    public void An_entity_is_named_by_its_short_name(string name, string entity) => Assert.Equal(entity, EntityNames.ToShortName(name));

    private static string Describe(CaptureModel model)
        => string.Join('\n', model.Tables.Select(t =>
            $"{t.Relation} entity={t.Entity} prefix={t.EventPrefix}{(t.IsPart ? " part" : "")} key={string.Join(',', t.Key.Select(c => c.Name))}"
            + $" event={string.Join(',', t.EventKey.Select(c => $"{c.Column}->{c.KeyName}"))}"
            + $" depends={string.Join(',', t.DependencyColumns.Select(c => c.Name))}"
            + $" cascades={string.Join(',', t.CascadeTargets.Select(c => c.Relation))}"));
}

internal sealed class ShopContext : DbContext
{
    protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseNpgsql("Host=nowhere").UseFraiseQLState();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Customer>(b => { b.ToTable("customers"); b.Property(c => c.Id).HasColumnName("id"); });
        modelBuilder.Entity<Order>(b =>
        {
            b.ToTable("Orders", "sales");
            b.OwnsMany(o => o.Lines, line =>
            {
                line.ToTable("order_lines", "public");
                line.WithOwner().HasForeignKey("order_id");
                line.Property<int>("id");
                line.HasKey("order_id", "id");
                line.HasOne<Product>().WithMany().HasForeignKey("product_code").OnDelete(DeleteBehavior.Restrict);
                line.OwnsMany(l => l.Notes, note =>
                {
                    note.ToTable("order_line_notes", "public");
                    note.WithOwner().HasForeignKey("order_id", "line_id");
                    note.Property<int>("id");
                    note.HasKey("order_id", "line_id", "id");
                });
            });
            b.OwnsOne(o => o.Address); // shares the row
            b.OwnsOne(o => o.Options, o => o.ToJson());
        });
        modelBuilder.Entity<Product>(b => { b.ToTable("products"); b.HasKey(p => p.Code); b.Property(p => p.Code).HasColumnName("code"); });
        modelBuilder.Entity<Tag>(b =>
        {
            b.ToTable("tags");
            b.Property(t => t.Id).HasColumnName("id");
            b.HasMany(t => t.Products).WithMany(p => p.Tags).UsingEntity(
                "ProductTag",
                l => l.HasOne(typeof(Product)).WithMany().HasForeignKey("products_code"),
                r => r.HasOne(typeof(Tag)).WithMany().HasForeignKey("tags_id"),
                j => j.ToTable("product_tags"));
        });
        modelBuilder.Entity<Animal>(b =>
        {
            b.ToTable("animals");
            b.UseTptMappingStrategy();
            b.Property(a => a.Id).HasColumnName("id");
            b.HasOne<Customer>().WithMany().HasForeignKey("owner_id").OnDelete(DeleteBehavior.SetNull);
            b.Property<int?>("owner_id");
        });
        modelBuilder.Entity<Dog>().ToTable("dogs");
        modelBuilder.Entity<Vehicle>(b => { b.UseTpcMappingStrategy(); b.Property(v => v.Id).HasColumnName("id"); });
        modelBuilder.Entity<Car>().ToTable("cars");
        modelBuilder.Entity<Boat>().ToTable("boats");
        modelBuilder.Entity<Measure>(b =>
        {
            b.ToTable("measures");
            b.HasKey(m => m.At);
            b.Property(m => m.At).HasColumnName("at");
            b.Property<Kind>("kind");
            b.HasOne<Lookup>().WithMany().HasForeignKey("kind").HasPrincipalKey(l => l.Kind);
            b.Property<string>("collated").UseCollation("und-x-icu");
            b.HasOne<Lookup>().WithMany().HasForeignKey("collated").HasPrincipalKey(l => l.Collated);
            b.Property<string>("insensitive").HasColumnType("citext");
            b.HasOne<Lookup>().WithMany().HasForeignKey("insensitive").HasPrincipalKey(l => l.Insensitive);
            b.Property<string>("padded").HasColumnType("character(8)");
            b.HasOne<Lookup>().WithMany().HasForeignKey("padded").HasPrincipalKey(l => l.Padded);
        });
        modelBuilder.Entity<Lookup>(b =>
        {
            b.ToTable("lookups", t => t.ExcludeFromMigrations());
            b.Property(l => l.Collated).UseCollation("und-x-icu");
            b.Property(l => l.Insensitive).HasColumnType("citext");
            b.Property(l => l.Padded).HasColumnType("character(8)");
        });
        modelBuilder.Entity<Secret>().ToTable("secrets").IgnoreChangeEvents();
        modelBuilder.Entity<Report>().ToView("reports").HasNoKey();
        modelBuilder.Entity<Loose>().ToTable("loose").HasNoKey();
    }

    internal sealed class Customer { public int Id { get; set; } public List<Order> Orders { get; } = []; }

    internal sealed class Order
    {
        public Guid Id { get; set; }
        public int CustomerId { get; set; }
        public List<OrderLine> Lines { get; } = [];
        public Address? Address { get; set; }
        public OrderOptions? Options { get; set; }
    }

    internal sealed class OrderLine { public int Quantity { get; set; } public List<Note> Notes { get; } = []; }

    internal sealed class Note { public string Text { get; set; } = ""; }

    internal sealed class Address { public string Street { get; set; } = ""; }

    internal sealed class OrderOptions { public bool Gift { get; set; } }

    internal sealed class Product { public string Code { get; set; } = ""; public List<Tag> Tags { get; } = []; }

    internal sealed class Tag { public long Id { get; set; } public List<Product> Products { get; } = []; }

    internal class Animal { public int Id { get; set; } }

    internal sealed class Dog : Animal { public string Name { get; set; } = ""; }

    internal abstract class Vehicle { public int Id { get; set; } }

    internal sealed class Car : Vehicle { public int Doors { get; set; } }

    internal sealed class Boat : Vehicle { public int Masts { get; set; } }

    internal enum Kind { First, Second }

    internal sealed class Measure { public DateTime At { get; set; } }

    internal sealed class Lookup
    {
        public int Id { get; set; }
        public Kind Kind { get; set; }
        public string Collated { get; set; } = "";
        public string Insensitive { get; set; } = "";
        public string Padded { get; set; } = "";
    }

    internal sealed class Secret { public int Id { get; set; } }

    internal sealed class Report { public int Id { get; set; } }

    internal sealed class Loose { public int Id { get; set; } }
}
