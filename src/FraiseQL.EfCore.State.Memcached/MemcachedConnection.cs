using System.Buffers;
using System.Net.Sockets;
using System.Text;
using FraiseQL.EfCore.State.Cache;

namespace FraiseQL.EfCore.State.Memcached;

/// <summary>
/// One connection, used by one operation at a time. Whatever ends an operation before its whole answer was read leaves
/// <see cref="IsUsable"/> false: such a connection must not be used again, or the next operation would read the rest of this answer.
/// </summary>
internal sealed class MemcachedConnection : IDisposable
{
    private static readonly byte[] s_lineEnd = "\r\n"u8.ToArray();

    // A server that claims more does not get that much memory.
    private const int LongestValue = 64 * 1024 * 1024;
    private const int Chunk = 64 * 1024;

    private readonly Socket _socket;
    private readonly byte[] _received = new byte[16 * 1024];
    private int _start;
    private int _end;

    private MemcachedConnection(Socket socket) => _socket = socket;

    /// <summary>Whether the last answer was read to its end, so that the next operation may follow.</summary>
    public bool IsUsable { get; private set; } = true;

    /// <param name="address">The server.</param>
    /// <param name="threads">For the synchronous form: a connect, and the resolution of a name, cannot be bounded on the caller's own thread.</param>
    /// <param name="async">Which form.</param>
    /// <param name="deadline">When it must have ended.</param>
    public static async ValueTask<MemcachedConnection> OpenAsync(MemcachedAddress address, BlockingCalls threads, bool async, Deadline deadline)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (async)
            {
                await socket.ConnectAsync(address.Host, address.Port, deadline.Token).ConfigureAwait(false);
            }
            else
            {
                threads.Run(
                    () =>
                    {
                        socket.Connect(address.Host, address.Port);
                        return true;
                    },
                    TimeSpan.FromMilliseconds(deadline.Left()));
            }

            return new MemcachedConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Whether the other side has closed it, or has sent what nobody asked for, while it was idle.</summary>
    public bool IsStale() => _start != _end || _socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Sends a request and reads the answer, with the value if there is one.</summary>
    public async ValueTask<MetaStatus> ExchangeAsync(
        ReadOnlyMemory<byte> line, ReadOnlyMemory<byte>? value, IBufferWriter<byte>? destination, bool async, Deadline deadline)
    {
        IsUsable = false;
        if (value is { } data)
        {
            // One packet for what is small.
            var length = line.Length + data.Length + s_lineEnd.Length;
            var request = ArrayPool<byte>.Shared.Rent(length);
            line.Span.CopyTo(request);
            data.Span.CopyTo(request.AsSpan(line.Length));
            s_lineEnd.CopyTo(request, line.Length + data.Length);
            await SendAsync(request.AsMemory(0, length), async, deadline).ConfigureAwait(false);

            // Not in a finally: a send that was given up may still read from it.
            ArrayPool<byte>.Shared.Return(request);
        }
        else
        {
            await SendAsync(line, async, deadline).ConfigureAwait(false);
        }

        var answer = await ReadLineAsync(async, deadline).ConfigureAwait(false);
        if (answer.Status == MetaStatus.Unknown || (answer.Status == MetaStatus.Value && (destination is null || answer.Length > LongestValue)))
        {
            throw new InvalidDataException();
        }

        if (answer.Status == MetaStatus.Value)
        {
            await ReadValueAsync(answer.Length, destination!, async, deadline).ConfigureAwait(false);
        }

        IsUsable = true;
        return answer.Status;
    }

    /// <summary>Asks for the server's settings. The connection is not to be used afterwards.</summary>
    public async Task<IReadOnlyDictionary<string, string>> SettingsAsync(Deadline deadline)
    {
        IsUsable = false;
        await SendAsync(MetaProtocol.Settings, async: true, deadline).ConfigureAwait(false);
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await ReadTextAsync(deadline).ConfigureAwait(false) is { } line && line != "END")
        {
            if (line.Split(' ', 3) is not ["STAT", var name, var value])
            {
                throw new InvalidDataException();
            }

            settings[name] = value;
        }

        return settings;
    }

    public void Dispose() => _socket.Dispose();

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, bool async, Deadline deadline)
    {
        while (bytes.Length > 0)
        {
            if (async)
            {
                bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, deadline.Token).ConfigureAwait(false)..];
            }
            else
            {
                _socket.SendTimeout = deadline.Left();
                bytes = bytes[_socket.Send(bytes.Span)..];
            }
        }
    }

    private async ValueTask<MetaAnswer> ReadLineAsync(bool async, Deadline deadline)
    {
        var length = await FindLineAsync(async, deadline).ConfigureAwait(false);
        return length < 0 ? default : MetaProtocol.Parse(TakeLine(length));
    }

    private async ValueTask<string?> ReadTextAsync(Deadline deadline)
    {
        var length = await FindLineAsync(async: true, deadline).ConfigureAwait(false);
        return length < 0 ? null : Encoding.UTF8.GetString(TakeLine(length));
    }

    private ReadOnlySpan<byte> TakeLine(int length)
    {
        var line = _received.AsSpan(_start, length);
        _start += length + s_lineEnd.Length;
        return line;
    }

    // The length of the line that begins here, without its end; -1 when it is longer than any of Memcached's.
    private async ValueTask<int> FindLineAsync(bool async, Deadline deadline)
    {
        while (true)
        {
            var end = _received.AsSpan(_start, _end - _start).IndexOf(s_lineEnd);
            if (end >= 0)
            {
                return end;
            }

            if (_end - _start > MetaProtocol.LongestLine)
            {
                return -1;
            }

            await FillAsync(async, deadline).ConfigureAwait(false);
        }
    }

    private async ValueTask ReadValueAsync(int length, IBufferWriter<byte> destination, bool async, Deadline deadline)
    {
        var left = length;
        while (left > 0)
        {
            if (_start < _end)
            {
                var here = Math.Min(left, _end - _start);
                destination.Write(_received.AsSpan(_start, here));
                _start += here;
                left -= here;
            }
            else if (left < _received.Length)
            {
                await FillAsync(async, deadline).ConfigureAwait(false);
            }
            else
            {
                var room = destination.GetMemory(Math.Min(left, Chunk));
                var count = await ReceiveAsync(room[..Math.Min(left, room.Length)], async, deadline).ConfigureAwait(false);
                destination.Advance(count);
                left -= count;
            }
        }

        while (_end - _start < s_lineEnd.Length)
        {
            await FillAsync(async, deadline).ConfigureAwait(false);
        }

        if (!_received.AsSpan(_start, s_lineEnd.Length).SequenceEqual(s_lineEnd))
        {
            throw new InvalidDataException();
        }

        _start += s_lineEnd.Length;
    }

    private async ValueTask FillAsync(bool async, Deadline deadline)
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_end == _received.Length)
        {
            _received.AsSpan(_start, _end - _start).CopyTo(_received);
            (_start, _end) = (0, _end - _start);
        }

        _end += await ReceiveAsync(_received.AsMemory(_end), async, deadline).ConfigureAwait(false);
    }

    private async ValueTask<int> ReceiveAsync(Memory<byte> room, bool async, Deadline deadline)
    {
        int count;
        if (async)
        {
            count = await _socket.ReceiveAsync(room, SocketFlags.None, deadline.Token).ConfigureAwait(false);
        }
        else
        {
            _socket.ReceiveTimeout = deadline.Left();
            count = _socket.Receive(room.Span);
        }

        return count > 0 ? count : throw new EndOfStreamException();
    }
}
