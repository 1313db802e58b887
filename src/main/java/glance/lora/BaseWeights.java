package glance.lora;

import glance.io.HostTensor;
import glance.nn.Linear;
import glance.nn.Parameters;
import java.util.Map;
import java.util.function.Supplier;

/** The model's own parameters in host memory, by their names. */
public interface BaseWeights {
    /** A parameter as it is stored, or null if the model has none of this name. */
    HostTensor stored(String parameter);

    /** What the stored weight of a layer is multiplied by; mostly 1. */
    float scale(String module);

    /** All of a component, which is open when it is asked. */
    static BaseWeights of(Supplier<Parameters> parameters) {
        return new BaseWeights() {
            @Override
            public HostTensor stored(String parameter) {
                return parameters.get().stored(parameter);
            }

            @Override
            public float scale(String module) {
                return parameters.get().scaleOf(module);
            }
        };
    }

    /** Those of layers by their names. */
    static BaseWeights of(Map<String, Linear> linears) {
        return new BaseWeights() {
            @Override
            public HostTensor stored(String parameter) {
                return Linear.stored(linears, parameter);
            }

            @Override
            public float scale(String module) {
                return linears.get(module).scale();
            }
        };
    }
}
