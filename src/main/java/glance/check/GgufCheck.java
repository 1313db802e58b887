package glance.check;

import glance.io.HostFloats;
import glance.io.Weights;
import java.nio.FloatBuffer;

/** The values of a GGUF file: {@code out.NAME} is what tensor NAME holds. */
final class GgufCheck {
    private static final String RESULT = "out.";

    private GgufCheck() {}

    static void run(CaseFolder folder) {
        try (Weights weights = Weights.open(folder.weights(folder.path()))) {
            for (String name : weights.tensors().keySet()) {
                float[] values = HostFloats.read(weights.tensor(name));
                folder.compare(
                        RESULT + name,
                        FloatBuffer.wrap(values),
                        folder.floats(RESULT + name),
                        folder.tolerance());
            }
        }
    }
}
