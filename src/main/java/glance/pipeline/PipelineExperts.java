package glance.pipeline;

import glance.api.RequestException;
import glance.io.ModelFolder;
import glance.lora.BaseWeights;
import glance.lora.Expert;
import glance.lora.ExpertSet;
import glance.lora.LoraFile;
import glance.lora.RunExperts;
import glance.model.Family;
import glance.ops.Ops;
import glance.schedule.PhasePlan;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The adapters of a pipeline's runs: those that were read, and those on the device. */
final class PipelineExperts {
    private final Ops ops;
    private final Family family;
    private final ModelFolder folder;
    private final Parts parts;
    private ExpertReader reader; // null before the text encoders were open once
    private ExpertSet experts; // null before the first run

    PipelineExperts(Ops ops, Family family, ModelFolder folder, Parts parts) {
        this.ops = ops;
        this.family = family;
        this.folder = folder;
        this.parts = parts;
    }

    /** What adapters can be for is known when the text encoders were open once. */
    ExpertReader reader(int tokens, RunListener listener) {
        if (reader == null) {
            reader = new ExpertReader(family, folder, parts.encoder(tokens, listener).linears());
        }
        return reader;
    }

    /**
     * The experts of a run's steps.
     *
     * @param read by the {@link #reader}
     * @param alone whether no other drawing is open, so that what others had can go
     */
    RunExperts ready(List<Expert> read, PhasePlan plan, boolean alone) {
        if (experts == null) {
            experts =
                    new ExpertSet(
                            ops,
                            reader::isOfTransformer,
                            module -> reader.blocks().of(module),
                            BaseWeights.of(() -> parts.denoiser().parameters()));
        }
        if (alone) {
            Set<LoraFile> files = read.stream().map(Expert::file).collect(Collectors.toSet());
            experts.retain(files);
        }
        return experts.perStep(plan.steps().size(), read);
    }

    static void requirePlain(Settings settings, RunExperts experts) {
        if (settings.guidance().sparesNegative() && !experts.arePlain()) {
            throw new RequestException(
                    "an adapter is no plain LoRA, and only those act on the positive side alone;"
                            + " let adapters act on both (--lora-on both)");
        }
    }

    /** The experts of a batch: see {@link ExpertSet#together}. */
    RunExperts together(List<RunExperts> samples) {
        return experts.together(samples);
    }

    /** Takes all of them off the device. */
    void forget() {
        if (experts != null) {
            experts.close();
            experts = null;
        }
    }
}
