using OsCircular.Agent.Commands;

return HoldCommand.IsMeant(args) ? HoldCommand.Run(args) : await OsCircularCommand.RunAsync(args);
