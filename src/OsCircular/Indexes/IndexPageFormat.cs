namespace OsCircular.Indexes;

/// <summary>Where things lie in an index page (Formats.md, "Index page"). Integers are little-endian.</summary>
internal static class IndexPageFormat
{
    public const byte Version = 1;

    public const int VersionAt = 4;
    public const int LevelAt = 5;
    public const int CountAt = 6;
    public const int BitmapAt = 8;
    public const int BitmapWords = IndexShape.EntriesPerPage / 64;
    public const int HeaderLength = BitmapAt + IndexShape.EntriesPerPage / 8;

    public const int RowLength = 56;
    public const int RowContentAt = 20;
    public const int RowStoredAt = 52;
    public const int ChildLength = 32;

    /// <summary>The row's last word: stored length below, encoding above.</summary>
    public const int EncodingShift = 24;

    public const uint StoredLengthMask = (1u << EncodingShift) - 1;

    public static ReadOnlySpan<byte> Magic => "OCIX"u8;

    public static int EntryLength(int level) => level == 0 ? RowLength : ChildLength;
}
