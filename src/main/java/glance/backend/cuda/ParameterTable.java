package glance.backend.cuda;

import glance.backend.cuda.driver.Grid;
import glance.op.QuantizedBlocks;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Parameters of any number for one launch: the struct Parameter of optimizer.cu, a line each. Each
 * takes whole blocks of the launch.
 */
final class ParameterTable {
    private static final int LINE_BYTES = 8 * Long.BYTES;

    private final int elementsOfBlock;
    private final ByteBuffer lines;
    private int count;
    private long blocks;

    ParameterTable(int parameters, int elementsOfBlock) {
        this.elementsOfBlock = elementsOfBlock;
        this.lines = ByteBuffer.allocate(parameters * LINE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A gradient alone. */
    void add(Tensor gradient) {
        line(gradient, 0, Launcher.address(gradient), 0, 0, 0, 0);
    }

    /** A parameter with its moments. */
    void add(Tensor parameter, Tensor gradient, Tensor first, Tensor second) {
        line(
                parameter,
                Launcher.address(parameter),
                Launcher.address(gradient),
                Launcher.address(first),
                Launcher.address(second),
                0,
                0);
    }

    /** A parameter with moments in 8 bits. */
    void add(Tensor parameter, Tensor gradient, QuantizedBlocks first, QuantizedBlocks second) {
        line(
                parameter,
                Launcher.address(parameter),
                Launcher.address(gradient),
                Launcher.address(first.codes()),
                Launcher.address(second.codes()),
                Launcher.address(first.scales()),
                Launcher.address(second.scales()));
    }

    private void line(Tensor counted, long... addresses) {
        for (long address : addresses) {
            lines.putLong(address);
        }
        lines.putLong(counted.numel()).putLong(blocks);
        blocks += Grid.blocks(counted.numel(), elementsOfBlock);
        count++;
    }

    /** Number of lines. */
    int count() {
        return count;
    }

    /** Number of blocks of the launch. */
    int blocks() {
        return Math.toIntExact(blocks);
    }

    /** The table on the device. */
    Tensor upload(Operands operands) {
        return operands.upload(
                DType.I64, Shape.of(count, LINE_BYTES / Long.BYTES), lines.duplicate().flip());
    }
}
