package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.Plans;
import glance.io.ModelFolder;
import glance.io.PartSource;
import glance.io.PublishedLayouts;
import glance.model.Canvas;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.LatentCodec;
import glance.model.TokenGrid;
import glance.model.Velocity;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.pipeline.Families;
import glance.pipeline.Pictures;
import glance.pipeline.ReferencePicture;
import glance.pipeline.StartNoise;
import glance.schedule.PhasePlan;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * FLUX.1 Kontext with a reference picture at its own size, from recorded embeddings of a prompt:
 * the folder has neither text encoders nor tokenizers.
 */
final class KontextCheck {
    private final CaseFolder folder;
    private final Ops ops;
    private final ModelFolder model;
    private final Family family;
    private final Family.Geometry geometry;

    private KontextCheck(CaseFolder folder, Ops ops) {
        this.folder = folder;
        this.ops = ops;
        ModelFolder all = PublishedLayouts.random("flux.1-kontext-dev");
        for (String part : List.of("transformer", "vae", "scheduler")) {
            all = all.with(part, PartSource.folder(folder.path().resolve(part)));
        }
        this.model = all;
        this.family = Families.of(model);
        this.geometry = family.geometry(model);
    }

    static void run(CaseFolder folder, Ops ops) {
        KontextCheck check = new KontextCheck(folder, ops);
        folder.required("runs")
                .fields()
                .forEachRemaining(run -> check.draw(run.getKey(), run.getValue()));
    }

    private void draw(String run, JsonNode own) {
        JsonNode size = folder.required("size");
        TokenGrid grid = geometry.grid(size.get(0).asInt(), size.get(1).asInt());
        String prefix = "out." + run + ".";
        float[] sigmas =
                PhasePlan.of(
                                Plans.uniform(own.path("steps").asInt()),
                                family.schedule(model),
                                grid.tokens())
                        .sigmas();
        folder.compare(
                prefix + "sigmas",
                FloatBuffer.wrap(sigmas),
                folder.floats(prefix + "sigmas"),
                folder.tolerance());
        try (Scope scope = ops.scope();
                LatentCodec codec = family.openCodec(ops, model);
                Denoiser denoiser = family.openDenoiser(ops, model)) {
            Velocity velocity =
                    denoiser.prepare(
                            ops,
                            text(),
                            Arrays.copyOf(sigmas, sigmas.length - 1),
                            new Canvas(grid, List.of(reference(codec))),
                            (float) own.path("guidance").asDouble());
            Tensor latents = StartNoise.packed(ops, own.path("seed").asLong(), 1, geometry, grid);
            for (int step = 0; step < velocity.steps(); step++) {
                Tensor v = velocity.at(ops, latents, step);
                float dt = sigmas[step + 1] - sigmas[step];
                latents = ops.guidedEuler(latents, v, null, 1, false, 0, dt);
                folder.compare(prefix + "latents." + (step + 1), ops, latents);
            }
            PipelineCheck.picture(folder, ops, prefix + "image", codec.decode(ops, latents, grid));
        }
    }

    private TextBatch text() {
        Tensor embeddings = folder.tensor(ops, "in.prompt_embeds");
        Tensor lengths = ops.host().ints(Shape.of(1), embeddings.dim(1));
        return new TextBatch(embeddings, lengths, folder.tensor(ops, "in.pooled_prompt_embeds"));
    }

    private Canvas.Reference reference(LatentCodec codec) {
        BufferedImage picture =
                ReferencePicture.read(folder.path().resolve(folder.required("reference").asText()))
                        .picture();
        return new Canvas.Reference(
                codec.encode(ops, Pictures.tensor(ops, picture)),
                geometry.grid(picture.getWidth(), picture.getHeight()));
    }
}
