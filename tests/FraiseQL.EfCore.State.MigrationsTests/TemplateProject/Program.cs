using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

// migrate TARGET: what an application does at its start; quicker than the tool.
using var context = new Blog.BlogContext();
context.GetService<IMigrator>().Migrate(args[1]);
