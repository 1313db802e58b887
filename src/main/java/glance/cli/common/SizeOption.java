package glance.cli.common;

import glance.api.Request.Size;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** The size of pictures, in one option; the two that other tools have for it also work. */
public final class SizeOption {
    @Option(
            names = "--size",
            paramLabel = "WxH",
            description = "Width and height in pixels. Default: the model's own.")
    private String size;

    @Option(
            names = {"--width", "-W"},
            hidden = true)
    private Integer width;

    @Option(
            names = {"--height", "-H"},
            hidden = true)
    private Integer height;

    /**
     * The size that the user wants.
     *
     * @param usual where the user does not say, or says only one side
     * @throws WrongUseException if it makes no sense
     */
    public Size over(Size usual) {
        return over(() -> usual);
    }

    /** The same, where the usual size is work to find. */
    public Size over(Supplier<Size> usual) {
        boolean sides = width != null || height != null;
        if (size != null && sides) {
            throw new WrongUseException(
                    "--size and "
                            + (width == null ? "--height" : "--width")
                            + ": give one of them");
        }
        if (size != null) {
            return parse("--size", size);
        }
        if (!sides) {
            return usual.get();
        }
        return parse(
                width == null ? "--height" : height == null ? "--width" : "--width and --height",
                (width == null ? usual.get().width() : width)
                        + "x"
                        + (height == null ? usual.get().height() : height));
    }

    private static Size parse(String option, String text) {
        try {
            return Size.parse(text);
        } catch (IllegalArgumentException e) {
            throw new WrongUseException(option + ": " + e.getMessage());
        }
    }
}
