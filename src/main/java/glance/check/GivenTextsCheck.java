package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.Plans;
import glance.api.Request.Size;
import glance.io.ModelFolder;
import glance.io.PartSource;
import glance.io.PublishedLayouts;
import glance.model.Family;
import glance.model.LatentCodec;
import glance.model.ReferenceRules;
import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.pipeline.Families;
import glance.pipeline.Guidance;
import glance.pipeline.Pipeline;
import glance.pipeline.ReferencePicture;
import glance.pipeline.RunListener;
import glance.pipeline.Settings;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * Pipelines of FLUX from recorded embeddings of a prompt: their folders have neither text encoders
 * nor tokenizers. Kontext looks at a reference picture at its own size; the others start from a
 * picture, or from noise.
 */
final class GivenTextsCheck {
    private final CaseFolder folder;
    private final Ops ops;
    private final ModelFolder model;
    private final Family family;

    /** References as they are, which Kontext calls {@code _auto_resize} off. */
    private record AsTheyAre() implements ReferenceRules {
        @Override
        public int most() {
            return 1;
        }

        @Override
        public BufferedImage seen(BufferedImage picture) {
            return picture;
        }

        @Override
        public Size result(int width, int height) {
            return new Size(width, height);
        }
    }

    private GivenTextsCheck(CaseFolder folder, Ops ops, String layout) {
        this.folder = folder;
        this.ops = ops;
        ModelFolder all = PublishedLayouts.random(layout);
        for (String part : List.of("transformer", "vae", "scheduler")) {
            all = all.with(part, PartSource.folder(folder.path().resolve(part)));
        }
        this.model = all;
        this.family = Families.of(model);
    }

    /** Runs a case of FLUX.1 Kontext. */
    static void kontext(CaseFolder folder, Ops ops) {
        run(folder, ops, "flux.1-kontext-dev");
    }

    /** Runs a case of FLUX.1. */
    static void flux(CaseFolder folder, Ops ops) {
        run(folder, ops, "flux.1-dev");
    }

    private static void run(CaseFolder folder, Ops ops, String layout) {
        GivenTextsCheck check = new GivenTextsCheck(folder, ops, layout);
        folder.required("runs")
                .fields()
                .forEachRemaining(run -> check.draw(run.getKey(), run.getValue()));
    }

    private void draw(String run, JsonNode own) {
        Settings settings = settings(own);
        TokenGrid grid = family.geometry(model).grid(settings.width(), settings.height());
        String prefix = "out." + run + ".";
        try (Scope scope = ops.scope();
                Pipeline pipeline =
                        Pipeline.given(ops, model, GivenTexts.of(folder, ops), new AsTheyAre())) {
            folder.compare(
                    prefix + "sigmas",
                    FloatBuffer.wrap(pipeline.plan(settings).sigmas()),
                    folder.floats(prefix + "sigmas"),
                    folder.tolerance());
            pipeline.run(
                    settings,
                    new RunListener() {
                        @Override
                        public void latents(int step, Tensor latents) {
                            folder.compare(prefix + "latents." + step, ops, latents);
                            if (step == settings.steps()) {
                                image(prefix + "image", latents, grid);
                            }
                        }
                    });
        }
    }

    /** The scale of a run is what the model takes as an input: there is no negative prompt. */
    private Settings settings(JsonNode own) {
        Family.Defaults defaults = Families.defaults(model);
        JsonNode size = folder.required("size");
        return new Settings(
                List.of(GivenTexts.PROMPT),
                "",
                own.path("seed").asLong(),
                1,
                size.get(0).asInt(),
                size.get(1).asInt(),
                new Guidance(
                        defaults.form().off(),
                        defaults.form(),
                        defaults.rescale(),
                        0,
                        (float) own.path("guidance").asDouble()),
                Plans.uniform(own.path("steps").asInt()),
                List.of(),
                0,
                references(),
                CaseStart.of(folder, own));
    }

    private List<ReferencePicture> references() {
        JsonNode file = folder.json().path("reference");
        return file.isMissingNode()
                ? List.of()
                : List.of(ReferencePicture.read(folder.path().resolve(file.asText())));
    }

    private void image(String name, Tensor latents, TokenGrid grid) {
        try (Scope scope = ops.scope();
                LatentCodec codec = family.openCodec(ops, model)) {
            PipelineCheck.picture(folder, ops, name, codec.decode(ops, latents, grid));
        }
    }
}
