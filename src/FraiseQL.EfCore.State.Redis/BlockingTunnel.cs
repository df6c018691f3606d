using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;
using StackExchange.Redis.Configuration;

namespace FraiseQL.EfCore.State.Redis;

/// <summary>
/// Lets the client read and write its socket on threads of its own, blocking, instead of through the pool of the process. Otherwise an answer
/// needs a thread of the pool to be received, and there is none while synchronous queries on all of them wait for their answers.
/// </summary>
internal sealed class BlockingTunnel : Tunnel
{
    // Each holds a thread while it waits; of a cluster with more servers, the rest use the pool.
    private const int MostConnections = 4;

    // The others parse what came and send what is written.
    private const int Threads = MostConnections + 4;

    private int _connections;

    /// <summary>Where the client runs its loops.</summary>
    public static SocketManager CreateThreads() => new("FraiseQL.EfCore.State", Threads);

    public override ValueTask<Stream?> BeforeAuthenticateAsync(
        EndPoint endpoint, ConnectionType connectionType, Socket? socket, CancellationToken cancellationToken)
    {
        if (socket is null || connectionType != ConnectionType.Interactive)
        {
            return default;
        }

        if (Interlocked.Increment(ref _connections) > MostConnections)
        {
            Interlocked.Decrement(ref _connections);
            return default;
        }

        return new(new BlockingStream(this, socket));
    }

    private sealed class BlockingStream(BlockingTunnel owner, Socket socket) : Stream
    {
        private bool _disposed;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer) => socket.Receive(buffer);

        public override int Read(byte[] buffer, int offset, int count) => socket.Receive(buffer, offset, count, SocketFlags.None);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return new(socket.Receive(buffer.Span));
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return ValueTask.FromException<int>(error);
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
            => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            while (buffer.Length > 0)
            {
                buffer = buffer[socket.Send(buffer)..];
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                Write(buffer.Span);
                return default;
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return ValueTask.FromException(error);
            }
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
            => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing && !Interlocked.Exchange(ref _disposed, true))
            {
                socket.Dispose();
                Interlocked.Decrement(ref owner._connections);
            }

            base.Dispose(disposing);
        }
    }
}
