package glance.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.op.Activation;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelTableTest {
    /** Runs copies, but not of bytes. */
    private static final class Copies implements Kernel<Op.Copy> {
        final List<Op.Copy> run = new ArrayList<>();

        @Override
        public void run(Op.Copy op) {
            run.add(op);
        }

        @Override
        public String refuses(Op.Copy op) {
            return op.x().dtype() == DType.U8 ? "bytes are not numbers" : null;
        }
    }

    private final Copies copies = new Copies();
    private final KernelTable table = new KernelTable().with(Op.Copy.class, copies);

    private static Op.Copy copy(DType dtype) {
        Storage storage =
                new Storage() {
                    @Override
                    public long bytes() {
                        return 0;
                    }

                    @Override
                    protected void free() {}
                };
        Tensor tensor = Tensor.contiguous(storage, dtype, Shape.of(1));
        return new Op.Copy(tensor, tensor);
    }

    @Test
    void run_callsTheKernelOfTheOperation() {
        Op.Copy op = copy(DType.F32);
        assertThat(table.refuses(op)).isNull();
        table.run(op);
        assertThat(copies.run).containsExactly(op);
        assertThat(table.kinds()).containsExactly(Op.Copy.class);
    }

    @Test
    void refusedArguments_areNotRun_andTheReasonIsGiven() {
        assertThat(table.refuses(copy(DType.U8))).isEqualTo("bytes are not numbers");
        assertThatThrownBy(() -> table.run(copy(DType.U8)))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("Copy cannot run on this device: bytes are not numbers");
        assertThat(copies.run).isEmpty();
    }

    @Test
    void operationWithoutKernel_isRefused() {
        Tensor x = copy(DType.F32).x();
        Op.Unary op = new Op.Unary(Activation.SILU, x, x);
        assertThat(table.refuses(op)).isEqualTo("no kernel");
        assertThatThrownBy(() -> table.run(op))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("Unary cannot run on this device: no kernel");
    }

    @Test
    void aLaterKernel_replacesAnEarlierOne() {
        List<Op> seen = new ArrayList<>();
        table.with(Op.Copy.class, seen::add);
        table.run(copy(DType.U8));
        assertThat(seen).hasSize(1);
        assertThat(copies.run).isEmpty();
    }
}
