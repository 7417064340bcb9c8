using System.Collections.Concurrent;
using OsCircular.Blocks;
using OsCircular.Sources;
using OsCircular.TestKit.Sources;

namespace OsCircular.Tests.Library.Filling;

/// <summary>Holds back what is asked of the mirror for filling, and tells when so many are held.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<BlockName> _names = new();
    private volatile bool _passes;

    public Gate(FillRig rig, int count) => rig.Rule = (request, _) =>
    {
        if (_passes || request.Class != FetchClass.Fill) return Fault.None;
        _names.Enqueue(request.Name);
        if (_names.Count >= count) _reached.TrySetResult();
        return Fault.HeldUntil(_open.Task);
    };

    /// <summary>What was held back.</summary>
    public IReadOnlyList<BlockName> Names => [.. _names];

    public Task ReachedAsync() => _reached.Task.WaitAsync(FillRig.Patience, TestContext.Current.CancellationToken);

    /// <summary>Those that are held stay so.</summary>
    public void LetPassFromNowOn() => _passes = true;

    public void Open()
    {
        _passes = true;
        _open.TrySetResult();
    }
}
