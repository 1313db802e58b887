package glance.serve.job;

import glance.api.AdapterSide;
import glance.api.Init;
import glance.api.Plan;
import glance.api.Request;
import java.nio.file.Path;
import java.util.List;

/**
 * What requests without gaps have in common that can share forward passes. Prompts, seeds, numbers
 * of pictures, adapters and phases may differ. The model has the last word.
 *
 * @param strength of the picture to start from; null without one
 * @param keeps whether a part of that picture is kept
 */
record JobShape(
        Request.Size size,
        float guidance,
        float limit,
        float embeddedGuidance,
        AdapterSide adaptersOn,
        Plan.Levels levels,
        List<Path> references,
        Float strength,
        boolean keeps) {
    static JobShape of(Request request) {
        Init start = request.init().orElse(null);
        return new JobShape(
                request.size().orElseThrow(),
                request.guidance().orElseThrow(),
                request.guidanceLimit().orElseThrow(),
                request.embeddedGuidance().orElseThrow(),
                request.adaptersOn().orElseThrow(),
                request.plan().orElseThrow().levels(),
                request.references(),
                start == null ? null : start.strength().orElse(null),
                start != null
                        && (start.mask().isPresent()
                                || !start.extension().equals(Init.Margins.NONE)));
    }
}
