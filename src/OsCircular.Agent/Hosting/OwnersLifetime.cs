using Microsoft.Extensions.Hosting;

namespace OsCircular.Agent.Hosting;

/// <summary>For a web server that is a part and not the program: it lives as long as its owner says, and leaves the signals alone.</summary>
internal sealed class OwnersLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
