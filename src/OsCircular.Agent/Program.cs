using OsCircular.Agent.Commands;

return await OsCircularCommand.RunAsync(args);
