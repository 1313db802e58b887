package glance.cli.bench;

import glance.api.Request.Size;
import glance.cli.common.SettingsOptions;
import glance.cli.common.WrongUseException;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.pipeline.Families;
import glance.pipeline.Guidance;
import glance.pipeline.ReferencePicture;
import glance.pipeline.Settings;
import glance.schedule.PlanJson;
import java.util.Collections;
import java.util.List;
import picocli.CommandLine.Option;

/** The run that is measured: a typical prompt with the model's own guidance. */
final class BenchRequest {
    @Option(
            names = "--size",
            paramLabel = "WxH",
            description = "Width and height in pixels. Default: the model's own.")
    private String size;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "1",
            description = "Pictures side by side. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--references",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Reference pictures of the model's own size, for models that edit. Default:"
                            + " ${DEFAULT-VALUE}.")
    private int references;

    /** Refuses counts that make no sense, before anything is opened. */
    void require() {
        if (batch < 1 || batch > SettingsOptions.MAX_BATCH) {
            throw new WrongUseException(
                    "--batch " + batch + ": must be 1 to " + SettingsOptions.MAX_BATCH);
        }
        if (references < 0) {
            throw new WrongUseException("--references " + references + ": must not be negative");
        }
    }

    /** Whether it is for one picture and without references. */
    boolean isOne() {
        return batch == 1 && references == 0;
    }

    /**
     * The run of a model.
     *
     * @param plan as {@link PlanJson#find} reads it
     * @throws WrongUseException if the size or the plan is malformed
     */
    Settings of(ModelFolder folder, String plan) {
        Family family = Families.of(folder);
        Family.Defaults defaults = Families.defaults(folder);
        int side = family.geometry(folder).defaultSize();
        try {
            Size wanted = size == null ? new Size(side, side) : Size.parse(size);
            return new Settings(
                    List.of(family.typicalPrompt()),
                    defaults.negative(),
                    0,
                    batch,
                    wanted.width(),
                    wanted.height(),
                    Guidance.of(defaults),
                    PlanJson.find(plan),
                    List.of(),
                    0,
                    Collections.nCopies(references, ReferencePicture.blank(side, side)));
        } catch (IllegalArgumentException e) {
            throw new WrongUseException(e.getMessage());
        }
    }
}
