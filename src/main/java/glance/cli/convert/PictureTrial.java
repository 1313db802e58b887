package glance.cli.convert;

import glance.Glance;
import glance.Model;
import glance.Picture;
import glance.api.ModelParts;
import glance.api.Request;
import glance.api.Residency;
import glance.cli.common.DeviceOption;
import glance.cli.common.Progress;
import glance.cli.common.SeedConverter;
import glance.cli.common.Session;
import glance.cli.common.WrongUseException;
import glance.compare.Psnr;
import glance.compare.Ssim;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Draws the same picture with a model and with its converted part. */
final class PictureTrial {
    @Option(
            names = "--try",
            paramLabel = "PROMPT",
            description =
                    "Then draw this with SOURCE, a model folder, and with the result in it, and"
                            + " tell how far the two are apart, in the measures of compare.")
    private String prompt;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            converter = SeedConverter.class,
            description = "Of these pictures. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--pictures",
            paramLabel = "FOLDER",
            description = "Keep the two there, as source.png and converted.png.")
    private Path pictures;

    @Mixin private DeviceOption device;

    /**
     * How far two pictures are apart.
     *
     * @param psnr in decibels, infinite for equal pictures
     * @param ssim 1 for equal pictures
     */
    record Distance(String prompt, long seed, double psnr, double ssim) {
        String text() {
            return "picture of '"
                    + prompt
                    + "', seed "
                    + Long.toUnsignedString(seed)
                    + ": "
                    + (Double.isInfinite(psnr)
                            ? "the same to the bit"
                            : String.format(Locale.ROOT, "PSNR %.2f dB, SSIM %.4f", psnr, ssim));
        }
    }

    /**
     * Finds what is wrong with the options before anything is done.
     *
     * @param model the source; null if it is no model folder
     */
    void check(Path model) {
        if (prompt == null && pictures != null) {
            throw new WrongUseException("--pictures: needs --try PROMPT");
        }
        if (prompt != null && model == null) {
            throw new WrongUseException("--try: needs a model folder as SOURCE");
        }
        if (pictures != null && !Files.isDirectory(pictures)) {
            throw new WrongUseException("--pictures " + pictures + ": no such folder");
        }
    }

    /** The distance; null if none is asked for. */
    Distance run(Session session, Path model, String part, Path converted) {
        if (prompt == null) {
            return null;
        }
        try (Glance glance = Glance.open(device.name(), device.options())) {
            Picture before = draw(session, glance, model, ModelParts.NONE, "source");
            Picture after =
                    draw(
                            session,
                            glance,
                            model,
                            ModelParts.NONE.with(part, converted),
                            "converted");
            return new Distance(
                    prompt,
                    seed,
                    Psnr.of(after.image(), before.image()),
                    Ssim.of(after.image(), before.image()));
        }
    }

    private Picture draw(
            Session session, Glance glance, Path folder, ModelParts parts, String name) {
        try (Model model = glance.load(folder, parts, folder.toString(), Residency.STREAM);
                Progress progress = new Progress(session, "drawing with " + name)) {
            Picture picture = model.draw(Request.of(prompt).seed(seed), progress).get(0);
            if (pictures != null) {
                picture.save(pictures.resolve(name + ".png"));
            }
            return picture;
        }
    }
}
