using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace OsCircular.Peers.Discovery;

/// <summary>A bencoded value (BEP 3): exactly one of its members is set.</summary>
/// <param name="Bytes">A string; part of what was parsed.</param>
/// <param name="Members">A dictionary; its keys are read as Latin-1.</param>
internal sealed record BencodeValue(
    long? Integer = null, ReadOnlyMemory<byte>? Bytes = null, IReadOnlyList<BencodeValue>? Items = null, IReadOnlyDictionary<string, BencodeValue>? Members = null);

/// <summary>Reads bencode from strangers: strictly, and within bounds of size, depth and number.</summary>
internal ref struct Bencode
{
    /// <summary>Nothing longer is read, in bytes.</summary>
    public const int MaxLength = 64 * 1024;

    public const int MaxDepth = 8;

    /// <summary>Values in all, whatever they hold; keys are not counted.</summary>
    public const int MaxValues = 4096;

    private readonly ReadOnlyMemory<byte> _bytes;
    private int _at;
    private int _values;

    private Bencode(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

    /// <summary>
    /// Reads one value that is all there is. Refuses leading zeros, minus zero, numbers beyond 64 bits, a dictionary's key that comes twice, and trailing bytes. Keys
    /// out of order are let pass: there are trackers that send them.
    /// </summary>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out BencodeValue? value)
    {
        value = null;
        if (bytes.Length > MaxLength) return false;
        var reader = new Bencode(bytes);
        if (!reader.TryValue(1, out BencodeValue? parsed) || reader._at != bytes.Length) return false;
        value = parsed;
        return true;
    }

    // 'e' where nothing is left: no value starts with it.
    private readonly byte Next => _at < _bytes.Length ? _bytes.Span[_at] : (byte)'e';

    private bool TryValue(int depth, [NotNullWhen(true)] out BencodeValue? value)
    {
        value = null;
        if (depth > MaxDepth || ++_values > MaxValues) return false;
        return Next switch
        {
            (byte)'i' => TryInteger(out value),
            (byte)'l' => TryList(depth, out value),
            (byte)'d' => TryDictionary(depth, out value),
            _ => TryString(out value),
        };
    }

    private bool TryInteger([NotNullWhen(true)] out BencodeValue? value)
    {
        value = null;
        _at++;
        if (!TryNumber((byte)'e', out long number)) return false;
        value = new BencodeValue(Integer: number);
        return true;
    }

    private bool TryString([NotNullWhen(true)] out BencodeValue? value)
    {
        value = null;
        if (!TryNumber((byte)':', out long length) || length < 0 || length > _bytes.Length - _at) return false;
        value = new BencodeValue(Bytes: _bytes.Slice(_at, (int)length));
        _at += (int)length;
        return true;
    }

    private bool TryList(int depth, [NotNullWhen(true)] out BencodeValue? value)
    {
        value = null;
        _at++;
        var items = new List<BencodeValue>();
        while (Next != 'e')
        {
            if (!TryValue(depth + 1, out BencodeValue? item)) return false;
            items.Add(item);
        }

        value = new BencodeValue(Items: items);
        return TryEnd();
    }

    private bool TryDictionary(int depth, [NotNullWhen(true)] out BencodeValue? value)
    {
        value = null;
        _at++;
        var members = new Dictionary<string, BencodeValue>(StringComparer.Ordinal);
        while (Next != 'e')
        {
            if (!TryString(out BencodeValue? key) || !TryValue(depth + 1, out BencodeValue? member)) return false;
            if (!members.TryAdd(Encoding.Latin1.GetString(key.Bytes!.Value.Span), member)) return false;
        }

        value = new BencodeValue(Members: members);
        return TryEnd();
    }

    private bool TryEnd() => _at++ < _bytes.Length;

    private bool TryNumber(byte end, out long number)
    {
        ReadOnlySpan<byte> rest = _bytes.Span[_at..];
        number = 0;
        int length = rest.IndexOf(end);
        if (length <= 0 || !IsPlain(rest[..length])) return false;
        if (!Utf8Parser.TryParse(rest[..length], out number, out int read) || read != length) return false;
        _at += length + 1;
        return true;
    }

    private static bool IsPlain(ReadOnlySpan<byte> digits)
    {
        bool negative = digits[0] == '-';
        if (negative) digits = digits[1..];
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9')) return false;
        return digits[0] != '0' || (digits.Length == 1 && !negative);
    }
}
