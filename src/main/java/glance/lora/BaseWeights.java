package glance.lora;

import glance.io.HostTensor;
import glance.io.Scaling;
import glance.nn.Linear;
import glance.nn.Parameters;
import java.util.Map;
import java.util.function.Supplier;

/** The model's own parameters in host memory, by their names. */
public interface BaseWeights {
    /** A parameter as it is stored, or null if the model has none of this name. */
    HostTensor stored(String parameter);

    /** How the values of a layer's weight come out of the stored ones. */
    Scaling scaling(String module);

    /** All of a component, which is open when it is asked. */
    static BaseWeights of(Supplier<Parameters> parameters) {
        return new BaseWeights() {
            @Override
            public HostTensor stored(String parameter) {
                return parameters.get().stored(parameter);
            }

            @Override
            public Scaling scaling(String module) {
                return parameters.get().scalingOf(module);
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
            public Scaling scaling(String module) {
                return linears.get(module).scaling();
            }
        };
    }
}
