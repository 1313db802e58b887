package glance.cli.common;

import glance.api.AdapterSide;
import glance.model.Family;
import picocli.CommandLine.Option;

/** The strength of guidance, computed by us or by the model. */
public final class GuidanceOptions {
    @Option(
            names = "--guidance",
            paramLabel = "SCALE",
            description =
                    "Strength of guidance, as the model card counts it: 1 turns it off, or 0 for"
                            + " Z-Image and Krea 2; info tells which. Default: the model's own.")
    private Float guidance;

    @Option(
            names = "--guidance-limit",
            paramLabel = "TIMES",
            description =
                    "How long what guidance makes of the velocity may be, as a multiple of what it"
                            + " was: Z-Image's cfg_normalization, there 1. Default: 0, for any.")
    private Float limit;

    @Option(
            names = "--embedded-guidance",
            paramLabel = "SCALE",
            description =
                    "Scale for models that take it as an input, as FLUX.1-dev does; others"
                            + " ignore it. Default: the model's own.")
    private Float embedded;

    @Option(
            names = "--lora-on",
            paramLabel = "SIDE",
            description =
                    "Where adapters act while there is guidance: both, under the prompt and under"
                            + " the negative prompt; or positive, under the prompt alone (plain"
                            + " LoRAs). Default: both.")
    private AdapterSide adaptersOn;

    /** As in diffusers: the input of models that take one, and guidance of the others. */
    @Option(
            names = {"--guidance-scale", "--guidance_scale"},
            hidden = true)
    private Float either;

    /** Where adapters act, or null where the user does not say. */
    public AdapterSide adaptersOn() {
        return adaptersOn;
    }

    /**
     * Strength of guidance, or null where the user does not say.
     *
     * @throws WrongUseException if it is out of range, or said twice
     */
    public Float scale(Family.Defaults defaults) {
        int least = Math.round(defaults.form().off());
        return chosen(
                "--guidance",
                guidance,
                !isInput(defaults),
                least,
                "; " + least + " turns guidance off");
    }

    /**
     * The limit of what guidance makes, or null where the user does not say.
     *
     * @throws WrongUseException if it is out of range
     */
    public Float limit() {
        return chosen("--guidance-limit", limit, false, 0, "; 0 is none");
    }

    /**
     * The scale that the model takes as an input, or null where the user does not say.
     *
     * @throws WrongUseException if it is out of range, or said twice
     */
    public Float embedded(Family.Defaults defaults) {
        return chosen("--embedded-guidance", embedded, isInput(defaults), 0, "");
    }

    private static boolean isInput(Family.Defaults defaults) {
        return defaults.embeddedGuidance() > 0;
    }

    private Float chosen(String option, Float own, boolean isEither, int least, String hint) {
        if (either != null && own != null && isEither) {
            throw new WrongUseException(option + " and --guidance-scale: give one of them");
        }
        boolean other = own == null && isEither;
        Float value = other ? either : own;
        if (value != null && value < least) {
            throw new WrongUseException(
                    (other ? "--guidance-scale" : option)
                            + " "
                            + value
                            + ": must be "
                            + least
                            + " or more"
                            + hint);
        }
        return value;
    }
}
