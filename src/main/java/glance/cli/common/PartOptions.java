package glance.cli.common;

import glance.api.ModelParts;
import glance.io.ModelFolder;
import glance.pipeline.ModelFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Files in place of parts of a model. */
public final class PartOptions {
    @Option(
            names = "--transformer",
            paramLabel = "FILE",
            description =
                    "A GGUF or safetensors file in place of the model's transformer, as ComfyUI keeps"
                            + " it in diffusion_models or unet. Without --model it is the model,"
                            + " and the other parts are given likewise.")
    private Path transformer;

    @Option(
            names = "--vae",
            paramLabel = "FILE",
            description = "The same for the autoencoder, such as ae.safetensors.")
    private Path vae;

    @Option(
            names = "--text-encoder",
            paramLabel = "FILE",
            description = "The same for the first text encoder.")
    private Path textEncoder;

    @Option(names = "--text-encoder-2", paramLabel = "FILE", description = "For the second.")
    private Path textEncoder2;

    @Option(names = "--text-encoder-3", paramLabel = "FILE", description = "For the third.")
    private Path textEncoder3;

    @Option(
            names = "--tokenizer",
            paramLabel = "FOLDER",
            description =
                    "Files of the first tokenizer, or folders tokenizer, tokenizer_2, ... in it, such"
                            + " as a model folder.")
    private Path tokenizer;

    /** The transformer; null if none was given. */
    public Path transformer() {
        return transformer;
    }

    /** Those that were given; others come from {@code before}. */
    public ModelParts over(ModelParts before) {
        ModelParts parts = transformer == null ? before : before.transformer(transformer);
        parts = vae == null ? parts : parts.vae(vae);
        parts = tokenizer == null ? parts : parts.tokenizer(tokenizer);
        Path[] encoders = {textEncoder, textEncoder2, textEncoder3};
        for (int i = 0; i < encoders.length; i++) {
            parts = encoders[i] == null ? parts : parts.textEncoder(i + 1, encoders[i]);
        }
        return parts;
    }

    /** A model with the parts that were given; {@link glance.Glance#load} says what they are. */
    public ModelFolder in(ModelFolder model) {
        return ModelFiles.with(model, over(ModelParts.NONE), what -> {});
    }

    /** A model of any form with the parts that were given. */
    public ModelFolder open(Path model) {
        return open(model, ModelParts.NONE);
    }

    /** The same; parts that were not given are those from {@code before}. */
    public ModelFolder open(Path model, ModelParts before) {
        return ModelFiles.open(model, over(before), what -> {});
    }

    /** The options that give a model its parts, without those that are in its own file. */
    public static List<String> of(ModelFolder model) {
        List<String> options = new ArrayList<>();
        model.parts()
                .files()
                .forEach(
                        (part, path) -> {
                            boolean own = path.equals(model.named());
                            if (part.equals("tokenizer")) {
                                options.add("--tokenizer");
                                boolean inside = path.endsWith(part) && path.getParent() != null;
                                options.add((inside ? path.getParent() : path).toString());
                            } else if (!own && !part.startsWith("tokenizer")) {
                                options.add("--" + part.replace('_', '-'));
                                options.add(path.toString());
                            }
                        });
        return options;
    }
}
