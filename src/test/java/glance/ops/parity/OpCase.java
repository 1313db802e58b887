package glance.ops.parity;

import java.util.function.Function;

/** One line of the parity table: an operation with dtypes and shapes, named by them. */
public record OpCase(String name, Function<Inputs, Trial> trial) {
    @Override
    public String toString() {
        return name;
    }
}
