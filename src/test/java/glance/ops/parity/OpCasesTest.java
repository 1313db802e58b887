package glance.ops.parity;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cases.Case;
import glance.cases.NotingDevice;
import glance.op.Op;
import glance.op.TrainingOp;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The parity table has no gaps. */
class OpCasesTest {
    @Test
    void all_coversEveryOperation() {
        assertThat(kinds(OpCases.all())).containsAll(operations());
    }

    @Test
    void large_coversEveryOperation() {
        assertThat(kinds(OpCases.large())).containsAll(operations());
    }

    @Test
    void names_areDistinct() {
        assertThat(OpCases.all().map(Case::name)).doesNotHaveDuplicates();
    }

    private static Set<Class<?>> kinds(Stream<Case> cases) {
        try (NotingDevice device = new NotingDevice(TestDevice.cpu(2).open())) {
            cases.forEach(opCase -> Parity.run(device, opCase));
            return device.ran().stream().map(Op::getClass).collect(Collectors.toSet());
        }
    }

    private static Set<Class<?>> operations() {
        return Stream.concat(
                        Arrays.stream(Op.class.getPermittedSubclasses())
                                .filter(kind -> kind != TrainingOp.class),
                        Arrays.stream(TrainingOp.class.getPermittedSubclasses()))
                .collect(Collectors.toSet());
    }
}
