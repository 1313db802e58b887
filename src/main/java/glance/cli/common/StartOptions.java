package glance.cli.common;

import glance.api.Init;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** The picture that a drawing starts from. */
public final class StartOptions {
    private static final Pattern MARGINS =
            Pattern.compile("(-?\\d{1,6}),(-?\\d{1,6}),(-?\\d{1,6}),(-?\\d{1,6})");

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
            names = "--no-paste",
            description =
                    "With --mask or --extend: take what is kept as the autoencoder gives it back. Else"
                            + " it is the picture's own pixels, mixed with the others along an edge"
                            + " one token wide.")
    private boolean noPaste;

    /** The picture that the user names, or null. */
    Path picture() {
        return init;
    }

    /** The mask that the user names, or null. */
    Path mask() {
        return mask;
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
            requireNone("--no-paste", noPaste ? true : null);
            return start;
        }
        Init result = start.get();
        result = strength == null ? result : result.strength(strength);
        result = mask == null ? result : result.mask(mask);
        result = extend == null ? result : extended(result);
        if (noPaste && result.mask().isEmpty() && result.extension().equals(Init.Margins.NONE)) {
            throw new WrongUseException(
                    "--no-paste: nothing of the picture is kept without --mask or --extend");
        }
        return Optional.of(noPaste ? result.paste(false) : result);
    }

    private static void requireNone(String option, Object given) {
        if (given != null) {
            throw new WrongUseException(
                    option + ": is for a picture to start from; give it with --init FILE");
        }
    }

    private Init extended(Init start) {
        Matcher matcher = MARGINS.matcher(extend.strip());
        if (!matcher.matches()) {
            throw new WrongUseException(
                    "--extend '"
                            + extend
                            + "': expected LEFT,TOP,RIGHT,BOTTOM in pixels, such as 256,0,256,0");
        }
        int[] margins = new int[4];
        int sum = 0;
        for (int i = 0; i < margins.length; i++) {
            margins[i] = Integer.parseInt(matcher.group(i + 1));
            sum += Math.abs(margins[i]);
        }
        if (sum == 0) {
            throw new WrongUseException("--extend " + extend + ": nothing is added; leave it out");
        }
        return start.extend(margins[0], margins[1], margins[2], margins[3]);
    }
}
