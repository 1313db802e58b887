package glance.ops.parity;

import static glance.cases.LinearCase.Part.BIAS;
import static glance.cases.LinearCase.Part.GATE;
import static glance.cases.LinearCase.Part.RESIDUAL;
import static glance.cases.LinearCase.Part.SCALES;
import static glance.cases.LinearCase.Part.SHARED_GATE;
import static glance.cases.LinearCase.Part.STRIDED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.backend.Device;
import glance.backend.cuda.EmulatedAda;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.cases.Accuracy;
import glance.cases.Arguments;
import glance.cases.Case;
import glance.cases.History;
import glance.cases.LinearCase;
import glance.formula.Arithmetic;
import glance.formula.Elements;
import glance.io.HostFloats;
import glance.op.Activation;
import glance.op.LowRank;
import glance.op.LowRanks;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import glance.tensor.block.SmallFloats;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Products of weights and activations in e4m3, against float64 with activations that are rounded as
 * the kernel says. The adapter's part is that of activations as they came.
 */
class W8A8Test {
    private static final OpenDevices DEVICES = new OpenDevices();
    private static final DType E4M3 = DType.F8_E4M3;
    private static final float LARGEST = 448;
    private static final float LEAST = 0x1p-100f;

    private static Device ada;

    /** A device of this machine, Hopper if it is emulated, and another emulated one. */
    private static List<Device> devices() {
        List<Device> devices = new ArrayList<>();
        TestDevice.all().stream()
                .filter(device -> device.problem() == null)
                .filter(device -> device.options().precision() == Precision.BF16)
                .map(device -> DEVICES.open(device.with("linear", "w8a8")))
                .filter(W8A8Test::takes)
                .findFirst()
                .ifPresent(devices::add);
        if (EmulatedDriver.problem() == null) {
            if (ada == null) {
                ada =
                        EmulatedAda.open(
                                new DeviceOptions(0, Precision.BF16).variant("linear", "w8a8"));
            }
            devices.add(ada);
        }
        assumeTrue(!devices.isEmpty(), "no device multiplies e4m3");
        return devices;
    }

    private static boolean takes(Device device) {
        try (Arguments arguments = new Arguments(device, "probe")) {
            arguments.evaluate(Case.of("probe", new LinearCase(E4M3, 1, 65, 16, 16)::forward));
            return isRounded(device, products(arguments.history()).get(0));
        }
    }

    private static boolean isRounded(Device device, Op.Linear op) {
        return "w8a8".equals(device.kernels().variant(op));
    }

    private static List<Op.Linear> products(History history) {
        return history.ops().stream()
                .flatMap(
                        op ->
                                op instanceof Op.Linears several
                                        ? several.members().stream()
                                        : op instanceof Op.Linear one
                                                ? Stream.of(one)
                                                : Stream.empty())
                .toList();
    }

    /** Around the edges of tiles of 64 and 128, and of slices of 64. */
    private static Stream<Case> cases() {
        List<LinearCase> cases = new ArrayList<>();
        for (int in : new int[] {16, 48, 64, 80, 144}) {
            cases.add(new LinearCase(E4M3, 1, 130, in, 136, BIAS));
            cases.add(new LinearCase(E4M3, 1, 65, in, 72));
        }
        for (int out : new int[] {1, 7, 63, 65}) {
            cases.add(new LinearCase(E4M3, 1, 66, 48, out, RESIDUAL));
            cases.add(new LinearCase(E4M3, 1, 129, 112, out + 129, RESIDUAL));
        }
        for (int rank : new int[] {1, 20, 32, 40}) {
            LinearCase spec = new LinearCase(E4M3, 2, 65, 80, 136, SHARED_GATE, SCALES);
            cases.add(spec.withLora(rank, DType.BF16));
            cases.add(new LinearCase(E4M3, 2, 37, 144, 70).withLora(rank, DType.F32));
        }
        cases.add(
                new LinearCase(E4M3, 2, 133, 64, 136, BIAS, GATE, RESIDUAL, STRIDED)
                        .with(Activation.GELU_TANH)
                        .withLora(16, DType.BF16));
        cases.add(
                new LinearCase(E4M3, 9, 11, 272, 33, SCALES, STRIDED)
                        .withLoras(DType.BF16, 8, 0, 4, 8, 16, 1, 0, 33, 8));
        cases.add(new LinearCase(E4M3, 2, 130, 272, 136, GATE).withLoras(DType.BF16, 16, 0));
        cases.add(new LinearCase(E4M3, 1, 300, 912, 520).withLora(72, DType.BF16));
        return Stream.concat(
                cases.stream().map(c -> Case.of("w8a8 " + c, c::forward)), Stream.of(together()));
    }

    /** S of all is made at once, and one product is of another kind. */
    private static Case together() {
        List<LinearCase> products =
                List.of(
                        new LinearCase(E4M3, 2, 50, 96, 72).withLora(8, DType.BF16),
                        new LinearCase(DType.BF16, 2, 50, 96, 40).withLora(24, DType.BF16),
                        new LinearCase(E4M3, 2, 50, 96, 136, BIAS));
        return new Case("w8a8 together", a -> LinearCase.together(a, products));
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource("devices")
    void products_equalTheFormulaOfRoundedActivations(Device device) {
        List<String> wrong = new ArrayList<>();
        int rounded = 0;
        for (Case each : cases().toList()) {
            try (Arguments arguments = new Arguments(device, each.name())) {
                arguments.evaluate(each);
                for (Op.Linear op : products(arguments.history())) {
                    boolean own = isRounded(device, op);
                    rounded += own ? 1 : 0;
                    Accuracy accuracy = accuracy(device, arguments, op, own);
                    if (!accuracy.passed()) {
                        wrong.add(each.name() + ": " + accuracy.worst());
                    }
                }
                arguments.expectUnchanged();
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(rounded).isGreaterThan(30);
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource("devices")
    void activationsAsTheyCame_areFoundOut(Device device) {
        LinearCase spec = new LinearCase(E4M3, 1, 130, 144, 136);
        try (Arguments arguments = new Arguments(device, "found out")) {
            arguments.evaluate(Case.of("found out", spec::forward));
            Op.Linear op = products(arguments.history()).get(0);
            assertThat(accuracy(device, arguments, op, true).passed()).isTrue();
            assertThat(accuracy(device, arguments, op, false).passed()).isFalse();
        }
    }

    /** As stated in kernels/README.md. */
    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource("devices")
    void roundingOfActivations_costs26Thousandths(Device device) {
        LinearCase spec = new LinearCase(E4M3, 1, 130, 768, 136);
        try (Arguments arguments = new Arguments(device, "distance")) {
            Tensor out = arguments.evaluate(Case.of("distance", spec::forward)).get(0);
            float[] got = values(arguments, out);
            Elements exact = arguments.history().in(Arithmetic.exact()).of(out);
            double error = 0;
            double size = 0;
            for (int i = 0; i < got.length; i++) {
                error += Math.pow(got[i] - exact.at(i), 2);
                size += Math.pow(exact.at(i), 2);
            }
            assertThat(Math.sqrt(error / size)).isBetween(0.025, 0.027);
        }
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource("devices")
    void rowsOfZerosAndOfNaN_stayWhatTheyAre(Device device) {
        float[] scales = {0, 0x1p-101f, 0x1p-99f, 0x1p100f, Float.NaN, 1};
        int in = 32;
        try (Arguments arguments = new Arguments(device, "rows")) {
            Case rows =
                    Case.of(
                            "rows",
                            a -> {
                                Elements x =
                                        i ->
                                                scales[Math.min((int) i / in, 5)]
                                                        * (i % 2 == 0 ? 1 : -0.5);
                                Tensor activations = a.given(DType.BF16, x, 1, 66, in);
                                return a.ops().linear(activations, a.weight(E4M3, 16, in), null);
                            });
            float[] got = values(arguments, arguments.evaluate(rows).get(0));
            for (int column = 0; column < 16; column++) {
                float one = got[5 * 16 + column];
                assertThat(got[column]).isZero();
                assertThat(got[16 + column]).isZero();
                assertThat(got[2 * 16 + column]).isEqualTo(0x1p-99f * one);
                assertThat(got[3 * 16 + column]).isEqualTo(0x1p100f * one);
                assertThat(got[4 * 16 + column]).isNaN();
                assertThat(one).isNotZero();
            }
        }
    }

    private static float[] values(Arguments arguments, Tensor tensor) {
        float[] values = new float[(int) tensor.numel()];
        HostFloats.read(tensor.dtype(), arguments.ops().host().bytes(tensor), 0, values);
        return values;
    }

    /**
     * @param rounded whether what the weight multiplies is
     */
    private static Accuracy accuracy(
            Device device, Arguments arguments, Op.Linear op, boolean rounded) {
        History history = arguments.history();
        if (rounded) {
            history = new Wide(arguments, op).history();
        }
        return Accuracy.ofAll(device, history, List.of(op.out()));
    }

    /**
     * The product with rounded and plain activations side by side, zeros beside the weight and
     * before the factors A.
     */
    private static final class Wide {
        private final Arguments arguments;
        private final Op.Linear op;
        private final History.Evaluation now;
        private final int in;
        private final Map<Storage, Elements> given = new IdentityHashMap<>();

        Wide(Arguments arguments, Op.Linear op) {
            this.arguments = arguments;
            this.op = op;
            this.now = arguments.history().in(Arithmetic.exact());
            this.in = op.x().dim(2);
        }

        History history() {
            Elements x = now.of(op.x());
            List<LowRank> loras = new ArrayList<>();
            for (LowRank lora : op.loras()) {
                loras.add(
                        lora == null
                                ? null
                                : new LowRank(
                                        beside(lora.a(), i -> 0, now.of(lora.a())),
                                        lora.b(),
                                        lora.scale(),
                                        lora.scales()));
            }
            Op.Linear wide =
                    new Op.Linear(
                            beside(op.x(), rounded(x), x),
                            beside(op.weight(), now.of(op.weight()), i -> 0),
                            op.bias(),
                            loras.isEmpty() ? null : LowRanks.of(loras),
                            op.epilogue(),
                            op.out());
            List<Op> ops = new ArrayList<>(arguments.history().ops()); // copies of arguments too
            ops.removeIf(each -> each instanceof Op.Linear || each instanceof Op.Linears);
            ops.add(wide);
            return new History(ops, arguments.history().given()).on(given);
        }

        /** A tensor of which only the elements are known. */
        private Tensor beside(Tensor like, Elements left, Elements right) {
            Tensor both = arguments.ops().empty(like.dtype(), like.shape().with(-1, 2 * in));
            given.put(
                    both.storage(),
                    i -> {
                        long at = i / (2 * in) * in + i % in;
                        return i % (2 * in) < in ? left.at(at) : right.at(at);
                    });
            return both;
        }

        private Elements rounded(Elements x) {
            double[] rounded = new double[(int) op.x().numel()];
            for (int row = 0; row < rounded.length / in; row++) {
                float largest = 0;
                for (int i = row * in; i < (row + 1) * in; i++) {
                    largest = Math.max(largest, Math.abs((float) x.at(i)));
                }
                boolean none = largest < LEAST;
                float inverse = none ? 0 : LARGEST / largest;
                double scale = none ? 0 : largest / LARGEST;
                for (int i = row * in; i < (row + 1) * in; i++) {
                    byte bits = SmallFloats.e4m3Bits((float) x.at(i) * inverse);
                    rounded[i] = scale * SmallFloats.e4m3(bits);
                }
            }
            return i -> rounded[(int) i];
        }
    }

    @AfterAll
    static void closeDevices() {
        DEVICES.close();
        if (ada != null) {
            ada.close();
        }
    }
}
