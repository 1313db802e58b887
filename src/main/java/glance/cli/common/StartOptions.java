package glance.cli.common;

import glance.api.Init;
import glance.api.RequestException;
import glance.picture.RecordedStart;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The picture that a drawing starts from. */
public final class StartOptions {
    @Option(
            names = {"--init", "--init-img"},
            paramLabel = "FILE",
            description =
                    "A picture to start from: the plan begins in the middle, with this picture under"
                            + " noise. What is drawn has its size, cut to whole tokens; a picture of"
                            + " less than half or more than twice the model's usual area is scaled to"
                            + " that area. With --size it is scaled to fill that, and cropped.")
    private Path init;

    @Option(
            names = "--strength",
            paramLabel = "X",
            description =
                    "With --init: the share of the plan's steps that is run, above 0 to 1. 0.3 changes"
                            + " details, 0.8 keeps the layout, 1 keeps nothing. Default: 0.6; with"
                            + " --extend 1.")
    private Float strength;

    @Option(
            names = "--mask",
            paramLabel = "FILE",
            description =
                    "With --init: paint anew only where this picture of the same size is white, and"
                            + " keep the rest.")
    private Path mask;

    @Option(
            names = "--extend",
            paramLabel = "L,T,R,B",
            description =
                    "With --init: make the canvas larger by so many pixels on the left, at the top, on"
                            + " the right and at the bottom. What is new is painted.")
    private String extend;

    @Option(
            names = "--no-paste", // in this form, as it is the one that completion offers
            negatable = true,
            description =
                    "With --mask or --extend: what is kept is the picture's own pixels, mixed with the"
                            + " others along an edge one token wide; this is the default. With"
                            + " --no-paste it is what the autoencoder gives back.")
    private Boolean noPaste;

    /** The picture that the user names, or null. */
    Path picture() {
        return init;
    }

    /** The mask that the user names, or null. */
    Path mask() {
        return mask;
    }

    /** Whether the user changes the canvas, so that an earlier one's size has no meaning. */
    boolean changeCanvas(RecordedStart recorded) {
        boolean other = init != null && (recorded == null || !recorded.picture().isOf(init));
        return other || extend != null;
    }

    /**
     * What the user says of a picture to start from.
     *
     * @param recorded that of a picture that is made again, with this one's files in their place
     * @throws WrongUseException if an option is about a picture that is not there, or malformed
     */
    public Optional<Init> init(Optional<Init> recorded) {
        Optional<Init> start =
                recorded.isPresent() ? recorded : Optional.ofNullable(init).map(Init::of);
        if (start.isEmpty()) {
            requireNone("--strength", strength);
            requireNone("--mask", mask);
            requireNone("--extend", extend);
            requireNone(pasteOption(), noPaste);
            return start;
        }
        Init result = start.get();
        result = extend == null ? result : extended(result, recorded.isPresent());
        result = strength == null ? result : result.strength(strength);
        result = mask == null ? result : result.mask(mask);
        if (noPaste != null
                && result.mask().isEmpty()
                && result.extension().equals(Init.Margins.NONE)) {
            throw new WrongUseException(
                    pasteOption() + ": nothing of the picture is kept without --mask or --extend");
        }
        return Optional.of(noPaste == null ? result : result.paste(!noPaste));
    }

    private String pasteOption() {
        return Boolean.FALSE.equals(noPaste) ? "--paste" : "--no-paste";
    }

    private static void requireNone(String option, Object given) {
        if (given != null) {
            throw new WrongUseException(
                    option + ": is for a picture to start from; give it with --init FILE");
        }
    }

    /** With other margins the strength is what goes with them, not what went with earlier ones. */
    private Init extended(Init start, boolean isRecorded) {
        Init.Margins margins;
        try {
            margins = Init.Margins.parse(extend);
        } catch (RequestException e) {
            throw new WrongUseException("--extend: " + e.getMessage());
        }
        if (margins.equals(Init.Margins.NONE) && !isRecorded) {
            throw new WrongUseException("--extend " + extend + ": nothing is added; leave it out");
        }
        Init bare = Init.of(start.picture()).paste(start.paste()).extend(margins);
        return start.mask().map(bare::mask).orElse(bare);
    }
}
