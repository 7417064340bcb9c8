namespace OsCircular.Sources;

/// <summary>Places that hold a head and come and go.</summary>
public interface IHeadSources
{
    /// <summary>Those worth asking now, a few at most.</summary>
    IReadOnlyList<IHeadSource> Now { get; }
}
