package glance.api;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Some steps of a plan, whatever the plan. As text, with commas between them: numbers {@code 3},
 * ranges {@code 1-5}, phases {@code slow}, shares of the run {@code 0%-25%}, and noise levels
 * {@code sigma=1..0.8}.
 *
 * @param parts at least one; a step that is in any of them belongs
 */
public record Steps(List<Part> parts) {
    private static final String DECIMAL = "(\\d{1,9}(?:\\.\\d{1,9})?|\\.\\d{1,9})";
    private static final Pattern NUMBERS = Pattern.compile("(\\d{1,9})(?:-(\\d{1,9}))?");
    private static final Pattern SHARE = Pattern.compile(DECIMAL + "%-" + DECIMAL + "%");
    private static final Pattern SIGMA = Pattern.compile("sigma=" + DECIMAL + "\\.\\." + DECIMAL);

    /** One kind of naming steps. */
    public sealed interface Part {}

    /**
     * Steps by number.
     *
     * @param first counting from 1
     * @param last at least first
     */
    public record Range(int first, int last) implements Part {
        /**
         * @throws RequestException if the range runs backwards
         */
        public Range {
            if (first > last) {
                throw new RequestException(
                        first + "-" + last + " runs backwards; write " + last + "-" + first);
            }
        }

        @Override
        public String toString() {
            return first == last ? Integer.toString(first) : first + "-" + last;
        }
    }

    /**
     * The steps of a phase.
     *
     * @param name as the plan calls it
     */
    public record Phase(String name) implements Part {
        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * A share of the run: of N steps, step k belongs if {@code from <= (k - 1/2) / N < to}, so that
     * neighbouring shares have no step in common and leave none out.
     *
     * @param from 0 to 1
     * @param to above from, at most 1
     */
    public record Share(double from, double to) implements Part {
        /**
         * @throws RequestException if the share is empty or not within the run
         */
        public Share {
            if (!(0 <= from && from < to && to <= 1)) {
                throw new RequestException(
                        "a share of the run must rise from 0% at least to 100% at most, got "
                                + percent(from)
                                + "-"
                                + percent(to));
            }
        }

        /** Whether step {@code number} of so many belongs. */
        public boolean has(int number, int steps) {
            double middle = (number - 0.5) / steps;
            return from <= middle && middle < to;
        }

        private static String percent(double share) {
            return decimal(Math.rint(share * 1e11) / 1e9) + "%";
        }

        @Override
        public String toString() {
            return percent(from) + "-" + percent(to);
        }
    }

    /**
     * The steps that begin at some noise levels: {@code low < sigma <= high}.
     *
     * @param high the larger one, which belongs
     * @param low the smaller one, which does not
     */
    public record Sigma(float high, float low) implements Part {
        /**
         * @throws RequestException if there is nothing between them
         */
        public Sigma {
            if (!(high > low)) {
                throw new RequestException(
                        "noise levels sigma=" + high + ".." + low + " have nothing between them");
            }
        }

        /** Whether a step that begins at this level belongs. */
        public boolean has(float sigma) {
            return low < sigma && sigma <= high;
        }

        @Override
        public String toString() {
            return "sigma=" + decimal(high) + ".." + decimal(low);
        }
    }

    /**
     * @throws RequestException if there is no part
     */
    public Steps {
        parts = List.copyOf(parts);
        if (parts.isEmpty()) {
            throw new RequestException("steps are missing; write for example 1-5");
        }
    }

    /** Steps by number, counting from 1. */
    public static Steps range(int first, int last) {
        return new Steps(List.of(new Range(first, last)));
    }

    /**
     * Reads numbers, ranges, phases, shares and noise levels; {@link #toString} writes what this
     * reads.
     *
     * @throws RequestException if the text is malformed
     */
    public static Steps parse(String text) {
        try {
            return new Steps(
                    Arrays.stream(text.split(",", -1)).map(part -> part(part.strip())).toList());
        } catch (RequestException e) {
            throw new RequestException("steps '" + text + "': " + e.getMessage(), e);
        }
    }

    private static Part part(String part) {
        Matcher numbers = NUMBERS.matcher(part);
        if (numbers.matches()) {
            int first = Integer.parseInt(numbers.group(1));
            return new Range(
                    first, numbers.group(2) == null ? first : Integer.parseInt(numbers.group(2)));
        }
        Matcher share = SHARE.matcher(part);
        if (share.matches()) {
            return new Share(
                    Double.parseDouble(share.group(1)) / 100,
                    Double.parseDouble(share.group(2)) / 100);
        }
        Matcher sigma = SIGMA.matcher(part);
        if (sigma.matches()) {
            float one = Float.parseFloat(sigma.group(1));
            float other = Float.parseFloat(sigma.group(2));
            return new Sigma(Math.max(one, other), Math.min(one, other));
        }
        if (!Plan.isPhaseName(part)) {
            throw new RequestException(
                    "'"
                            + part
                            + "' is neither a step 3, a range 1-5, a phase slow, a share 0%-25%,"
                            + " nor noise levels sigma=1..0.8");
        }
        return new Phase(part);
    }

    private static String decimal(double value) {
        return value == (long) value ? Long.toString((long) value) : Double.toString(value);
    }

    private static String decimal(float value) {
        return value == (long) value ? Long.toString((long) value) : Float.toString(value);
    }

    /** The text that {@link #parse} reads. */
    @Override
    public String toString() {
        return parts.stream().map(Part::toString).collect(Collectors.joining(","));
    }
}
