package glance.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TurnOrderTest {
    private static List<Integer> guesses(TurnOrder order, int... blocks) {
        List<Integer> guesses = new ArrayList<>();
        for (int block : blocks) {
            guesses.add(order.next(block));
        }
        return guesses;
    }

    @Test
    void forwardPasses_followEachOther() {
        assertThat(guesses(new TurnOrder(4), 0, 1, 2, 3, 0, 1)).containsExactly(1, 2, 3, 0, 1, 2);
    }

    @Test
    void strides_areKept() {
        assertThat(guesses(new TurnOrder(6), 0, 2, 4)).containsExactly(1, 4, 0);
    }

    /** The first time round the end comes as a surprise. */
    @Test
    void backwardPasses_areKnownFromTheSecondStepOn() {
        TurnOrder order = new TurnOrder(4);
        assertThat(guesses(order, 0, 1, 2, 3, 2, 1, 0)).containsExactly(1, 2, 3, 0, 1, 0, 3);
        assertThat(guesses(order, 1, 2, 3, 2, 1, 0)).containsExactly(2, 3, 2, 1, 0, 1);
    }
}
