namespace OsCircular.SystemTests.TestKit;

/// <summary>For all classes with a lab: one at a time, for what they measure is shared.</summary>
internal static class LabCollection
{
    public const string Name = "lab";
}
