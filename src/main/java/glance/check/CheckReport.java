package glance.check;

import java.util.List;

/**
 * What one case folder showed.
 *
 * @param name folder name
 * @param component the class that was checked
 * @param rows one for each compared tensor
 */
public record CheckReport(String name, String component, List<Row> rows) {
    /** Whether every tensor is within its tolerance. */
    public boolean passed() {
        return rows.stream().allMatch(Row::passed);
    }

    /**
     * One compared tensor.
     *
     * @param tensor its name in the case
     * @param error {@code max |got - want| / max |want|}; for integers the number of differences
     * @param tolerance largest error that passes
     */
    public record Row(String tensor, double error, double tolerance) {
        /** Whether the error is within the tolerance; NaN is not. */
        public boolean passed() {
            return error <= tolerance;
        }
    }
}
