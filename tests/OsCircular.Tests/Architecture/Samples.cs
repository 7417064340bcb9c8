// What the arrow check must find: a folder "Cache" that uses "Mirrors" in every way that code can.
#pragma warning disable IDE0130 // These namespaces stand for folders.

namespace OsCircular.Tests.Architecture.Samples.Mirrors
{
    public sealed class Mirror
    {
        public static int Count() => 1;
    }
}

namespace OsCircular.Tests.Architecture.Samples.Sources
{
    public interface ISource;
}

namespace OsCircular.Tests.Architecture.Samples.Cache
{
    public sealed class ByField
    {
        public Mirrors.Mirror? Mirror;
    }

    public sealed class ByTypeArgument
    {
        public IEnumerable<Mirrors.Mirror[]> All() => [];
    }

    public sealed class ByCall
    {
        public int Count() => Mirrors.Mirror.Count();
    }

    public sealed class ByLambda
    {
        public Func<object> Make() => () => new Mirrors.Mirror();
    }

    public sealed class ByTypeOf
    {
        public string Name() => typeof(Mirrors.Mirror).Name;
    }

    public sealed class Allowed : Sources.ISource
    {
        public Sources.ISource Self() => this;
    }
}
