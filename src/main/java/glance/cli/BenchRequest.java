package glance.cli;

import glance.io.ModelFolder;
import glance.model.Family;
import glance.pipeline.Families;
import glance.pipeline.Guidance;
import glance.pipeline.ImageRequest;
import glance.schedule.Plans;
import java.util.List;

/** The run that is measured. */
final class BenchRequest {
    /** About as long as prompts are that describe a scene in two sentences. */
    private static final String PROMPT = "a red circle left of a blue heart ".repeat(8).strip();

    private BenchRequest() {}

    /**
     * A request with the model's own guidance.
     *
     * @param size as {@link PictureSize#parse} reads it, or null for the model's own
     */
    static ImageRequest of(ModelFolder folder, String size, int batch, String plan) {
        Family family = Families.of(folder);
        Family.Defaults defaults = family.defaults();
        int side = family.geometry(folder).defaultSize();
        try {
            PictureSize wanted =
                    size == null ? new PictureSize(side, side) : PictureSize.parse(size);
            return new ImageRequest(
                    List.of(PROMPT),
                    defaults.negative(),
                    0,
                    batch,
                    wanted.width(),
                    wanted.height(),
                    new Guidance(defaults.guidance(), defaults.rescale()),
                    Plans.find(plan),
                    List.of(),
                    0);
        } catch (IllegalArgumentException e) {
            throw new WrongUseException(e.getMessage());
        }
    }
}
