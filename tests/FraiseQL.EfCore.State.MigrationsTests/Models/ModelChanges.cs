using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace FraiseQL.EfCore.State.MigrationsTests.Models;

/// <summary>Changes of one table <c>posts (id, title, rank, author)</c>.</summary>
internal static class ModelChanges
{
    private const string Write = "insert into posts (id, title, rank) values (1, 'a', 1); update posts set title = 'b'; delete from posts";

    private const string Usual =
        """
        public.posts Post I {"id": 1} - {"id": 1}
        public.posts Post U {"id": 1} {"id": 1} {"id": 1} {title}
        public.posts Post D {"id": 1} {"id": 1} -
        """;

    public static readonly IReadOnlyDictionary<string, ModelCase> All = new Dictionary<string, ModelCase>
    {
        ["first migration"] = new(_ => { }, Posts(), Write, Usual),
        ["table renamed"] = new(Posts(), Posts(b => b.ToTable("blog posts")),
            "insert into \"blog posts\" (id) values (1)", """public.blog posts Post I {"id": 1} - {"id": 1}"""),
        ["table moved to another schema"] = new(Posts(b => b.ToTable("posts", "public")), Posts(b => b.ToTable("posts", "blog")),
            "insert into blog.posts (id) values (1)", """blog.posts Post I {"id": 1} - {"id": 1}"""),
        ["table moved and renamed"] = new(Posts(b => b.ToTable("posts", "public")), Posts(b => b.ToTable("articles", "blog")),
            "insert into blog.articles (id) values (1)", """blog.articles Post I {"id": 1} - {"id": 1}"""),
        ["column renamed"] = new(Posts(), Posts(b => b.Property<string?>("title").HasColumnName("The \"Title\"")),
            "insert into posts (id) values (1); update posts set \"The \"\"Title\"\"\" = 'x'",
            """
            public.posts Post I {"id": 1} - {"id": 1}
            public.posts Post U {"id": 1} {"id": 1} {"id": 1} {"The \"Title\""}
            """),
        ["key column renamed"] = new(Posts(), Posts(b => b.Property<int>("id").HasColumnName("post_id")),
            "insert into posts (post_id) values (1)", """public.posts Post I {"post_id": 1} - {"post_id": 1}"""),
        ["key changed"] = new(Posts(), Posts(b => b.HasKey("id", "rank")),
            "insert into posts (id, rank) values (1, 2)", """public.posts Post I {"id": 1, "rank": 2} - {"id": 1, "rank": 2}"""),
        ["key of another type"] = new(Posts(), Posts(b => b.Property<int>("id").HasColumnType("bigint").HasConversion<long>()),
            "insert into posts (id) values (5000000000)", """public.posts Post I {"id": 5000000000} - {"id": 5000000000}"""),
        ["column of another type"] = new(Posts(), Posts(b => b.Property<string?>("title").HasColumnType("varchar(20)")), Write, Usual),
        ["column dropped"] = new(Posts(), Posts(b => b.Metadata.RemoveProperty("title")),
            "insert into posts (id) values (1)", """public.posts Post I {"id": 1} - {"id": 1}"""),
        ["column added"] = new(Posts(), Posts(b => b.Property<string?>("note")),
            "insert into posts (id) values (1); update posts set note = 'x'",
            """
            public.posts Post I {"id": 1} - {"id": 1}
            public.posts Post U {"id": 1} {"id": 1} {"id": 1} {note}
            """),
        ["foreign key added"] = new(Posts(), Posts(Refer, Users), "insert into users values (7); insert into posts (id, author) values (1, 7)",
            """
            public.users User I {"id": 7} - {"id": 7}
            public.posts Post I {"id": 1} - {"id": 1, "author": 7}
            """),
        ["opted out"] = new(Posts(), Posts(b => b.IgnoreChangeEvents(), Other), "insert into posts (id) values (1); insert into other values (1)",
            """public.other Other I {"id": 1} - {"id": 1}"""),
        ["opted in again"] = new(Posts(b => b.IgnoreChangeEvents(), Other), Posts(null, Other), Write, Usual),
        ["only where asked"] = new(Posts(null, Other), Posts(b => b.HasChangeEvents(), m => { Other(m); m.CaptureChangesOnlyWhereAsked(); }),
            Write + "; insert into other values (1)", Usual),
        ["table dropped"] = new(Posts(null, Other), Other, "insert into other values (1)", """public.other Other I {"id": 1} - {"id": 1}"""),
        ["default schema changed"] = new(Posts(null, m => m.HasDefaultSchema("public")), Posts(null, m => m.HasDefaultSchema("blog")),
            "insert into blog.posts (id) values (1)", """blog.posts Post I {"id": 1} - {"id": 1}"""),
        ["named"] = new(Posts(), Posts(b => b.HasChangeEvents(e => e.Named("article"))), Write, Usual),
        ["named by kind"] = new(Posts(), Posts(b => b.HasChangeEvents(e => e.Named(ChangeKind.Created, "article_published"))), Write, Usual),
        ["channel"] = new(Posts(), Posts(b => b.HasChangeEvents(e => e.Channel("other; posts"))), Write, Usual),
        ["excluded"] = new(Posts(), Posts(b => b.HasChangeEvents(e => e.Exclude("title"))), Write, Usual.Replace("{title}", "{}", StringComparison.Ordinal)),
        ["redacted"] = new(Posts(), Posts(b => b.HasChangeEvents(e => e.Redact("title"))), Write, Usual),
        ["dependency"] = new(Posts(), Posts(b => b.HasChangeEvents(e => e.DependsOn("rank"))), Write,
            """
            public.posts Post I {"id": 1} - {"id": 1, "rank": 1}
            public.posts Post U {"id": 1} {"id": 1, "rank": 1} {"id": 1, "rank": 1} {title}
            public.posts Post D {"id": 1} {"id": 1, "rank": 1} -
            """),
        ["pre-image"] = new(Posts(), Posts(b => b.HasChangeEvents(e => e.PreImage())), Write, Usual),
        ["unchanged rows logged"] = new(Posts(), Posts(b => b.HasChangeEvents(e => e.LogUnchanged())),
            "insert into posts (id) values (1); update posts set id = id",
            """
            public.posts Post I {"id": 1} - {"id": 1}
            public.posts Post U {"id": 1} {"id": 1} {"id": 1} {}
            """),
    };

    private static Action<ModelBuilder> Posts(Action<EntityTypeBuilder>? posts = null, Action<ModelBuilder>? others = null) => model =>
    {
        others?.Invoke(model);
        model.Entity("Post", b =>
        {
            b.ToTable("posts");
            b.Property<int>("id").ValueGeneratedNever();
            b.Property<string?>("title");
            b.Property<int>("rank").HasDefaultValue(0);
            b.HasKey("id");
            posts?.Invoke(b);
        });
    };

    private static void Other(ModelBuilder model) => model.Entity("Other", b =>
    {
        b.ToTable("other");
        b.Property<int>("id").ValueGeneratedNever();
        b.HasKey("id");
    });

    private static void Users(ModelBuilder model) => model.Entity("User", b =>
    {
        b.ToTable("users");
        b.Property<int>("id").ValueGeneratedNever();
        b.HasKey("id");
    });

    private static void Refer(EntityTypeBuilder posts)
    {
        posts.Property<int?>("author");
        posts.HasOne("User").WithMany().HasForeignKey("author");
    }
}
