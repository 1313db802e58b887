package glance.cases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.backend.Device;
import glance.op.Activation;
import glance.ops.parity.TestDevice;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What follows from an expression. */
class CallTest {
    private final Device device = TestDevice.cpu(1).open();

    @AfterEach
    void close() {
        device.close();
    }

    /** Parts of one tensor, written one by one, changed in place, and read through a view. */
    private static Tensor views(Arguments a) {
        Tensor x = a.activation(2, 3);
        Tensor joined = a.ops().concat(1, List.of(x, a.activation(3, 2).permute(1, 0)));
        a.ops().training().accumulate(x, joined.narrow(1, 2, 3));
        Tensor part = joined.narrow(1, 1, 4).permute(1, 0);
        return a.ops().activation(Activation.SILU, part);
    }

    @Test
    void verify_followsNumbersThroughViewsAndOperations() {
        try (Call call = new Call(device, Case.of("views", CallTest::views))) {
            assertThat(call.verify().passed()).isTrue();
            Tensor result = call.results().get(0);
            device.memory().write(HostValues.of(DType.F32, i -> 0, 8).bytes(), result);
            assertThat(call.verify().passed()).isFalse();
            call.run();
            assertThat(call.verify().passed()).as("written anew").isTrue();
        }
    }

    @Test
    void cost_countsArgumentsAndFinalResultsOnce() {
        LinearCase linear = new LinearCase(DType.BF16, 1, 10, 20, 30).withLora(4, DType.BF16);
        double flop = 2 * 10 * (20 * 30 + 4 * (20 + 30));
        double bytes = 4 * 10 * (20 + 30) + 2 * (20 * 30 + 4 * (20 + 30));
        assertThat(cost(Case.of("fused", linear::forward))).isEqualTo(new Cost(flop, bytes));
        assertThat(cost(Case.of("unfused", linear::unfused))).isEqualTo(new Cost(flop, bytes));
    }

    @Test
    void cost_ofWhatChangesInPlace_countsItTwice() {
        Case sum =
                Case.of(
                        "accumulate",
                        a -> {
                            Tensor target = a.floats(8);
                            a.ops().training().accumulate(a.floats(8), target);
                            return target;
                        });
        assertThat(cost(sum)).isEqualTo(new Cost(0, 3 * 8 * Float.BYTES));
    }

    /** Half of the keys are padding. */
    @Test
    void cost_ofAttention_countsKeysThatAreSeen() {
        AttentionCase padded = AttentionCase.self(1, 8, 2, 16).padded(8, 4);
        assertThat(cost(Case.of("padded", padded::forward)).flop())
                .isEqualTo(2 * 2.0 * 2 * 8 * 4 * 16);
    }

    private Cost cost(Case of) {
        try (Call call = new Call(device, of)) {
            return call.cost();
        }
    }

    @Test
    void arguments_areDrawnAgain_andMustNotChange() {
        try (Arguments a = new Arguments(device, "twice")) {
            Case add = Case.of("add", from -> from.ops().add(from.floats(5), from.floats(5)));
            a.evaluate(add);
            List<Tensor> drawn = a.drawn();
            a.evaluate(add);
            assertThat(a.drawn()).isEqualTo(drawn).hasSize(2);
            a.expectUnchanged();
            device.memory().copy(drawn.get(0), drawn.get(1));
            assertThatThrownBy(a::expectUnchanged)
                    .isInstanceOf(AssertionError.class)
                    .hasMessage("the argument Tensor[5] F32 was changed");
        }
    }
}
