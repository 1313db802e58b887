package glance.lora;

import glance.io.HostTensor;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Adapters whose rank is a multiple of what a device asks for. Ranks are added that contribute
 * nothing:
 *
 * <pre>
 * B A = [B | 0] [A]
 *               [0]
 * </pre>
 */
final class RankPadding {
    private RankPadding() {}

    /** The next multiple. */
    static int padded(int rank, int multiple) {
        return (rank + multiple - 1) / multiple * multiple;
    }

    /** A [rank, in] with rows of zeros below. */
    static HostTensor down(HostTensor a, int multiple) {
        int rank = a.shape().dim(0);
        int padded = padded(rank, multiple);
        return padded == rank ? a : padded(a, Shape.of(padded, a.shape().dim(1)), 1);
    }

    /** B [out, rank] with columns of zeros on the right. */
    static HostTensor up(HostTensor b, int multiple) {
        int rank = b.shape().dim(1);
        int padded = padded(rank, multiple);
        int rows = b.shape().dim(0);
        return padded == rank ? b : padded(b, Shape.of(rows, padded), rows);
    }

    /** The bytes of each of so many pieces, at the start of an equal part of the larger tensor. */
    private static HostTensor padded(HostTensor host, Shape shape, int pieces) {
        int bytes = Math.toIntExact(shape.numel() * host.dtype().bytes());
        ByteBuffer to = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer from = host.data().duplicate();
        int piece = from.remaining() / pieces;
        for (int i = 0; i < pieces; i++) {
            to.put(i * (bytes / pieces), from, from.position() + i * piece, piece);
        }
        return new HostTensor(host.dtype(), shape, to);
    }
}
