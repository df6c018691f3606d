using BlogApp;

return await Cli.RunAsync(args, Console.Out, Console.Error);
