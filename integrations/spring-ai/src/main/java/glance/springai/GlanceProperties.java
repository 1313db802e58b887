package glance.springai;

import glance.Hub;
import glance.api.DeviceOptions;
import glance.api.Plans;
import glance.api.Precision;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Which model is loaded where, and how it draws when a prompt says nothing else.
 *
 * @param model Path of a model, or its name on the Hugging Face hub (ORG/NAME), from where it is
 *     fetched if need be. glance-tiny is in the engine's jar.
 * @param device Where it runs: auto, cpu, cuda or cuda:1.
 * @param threads Threads of the CPU; 0 for one per core.
 * @param precision Type that activations are computed in. Default: that of the device.
 * @param n Pictures of a prompt.
 * @param width Width of the pictures in pixels. Default: that of the model.
 * @param height Height of the pictures in pixels. Default: that of the model.
 * @param seed Start noise of the first picture. Default: random for each call.
 * @param negative What guidance leads away from.
 * @param guidance Scale of classifier-free guidance; 1 turns it off.
 * @param embeddedGuidance Scale of guidance for models that take it as an input, as FLUX.1-dev
 *     does.
 * @param maxPromptTokens Tokens of a prompt that are read, for models that leave the choice.
 * @param plan Steps, by the name of a plan such as glance, or uniform-8 for 8 steps.
 * @param loras Adapters, each as FILE[:STRENGTH][@STEPS]; a file may be one of the hub.
 */
@ConfigurationProperties("glance")
record GlanceProperties(
        @DefaultValue("glance-tiny") String model,
        @DefaultValue("auto") String device,
        @DefaultValue("0") int threads,
        @Nullable Precision precision,
        @Nullable Integer n,
        @Nullable Integer width,
        @Nullable Integer height,
        @Nullable Long seed,
        @Nullable String negative,
        @Nullable Float guidance,
        @Nullable Float embeddedGuidance,
        @Nullable Integer maxPromptTokens,
        @Nullable String plan,
        @Nullable List<String> loras) {

    DeviceOptions deviceOptions() {
        return new DeviceOptions(threads, precision);
    }

    /**
     * The options of prompts that say nothing else.
     *
     * @throws glance.api.RequestException if there is no such plan or adapter
     */
    GlanceImageOptions options() {
        Hub hub = new Hub();
        return GlanceImageOptions.builder()
                .n(n)
                .width(width)
                .height(height)
                .seed(seed)
                .negative(negative)
                .guidance(guidance)
                .embeddedGuidance(embeddedGuidance)
                .maxPromptTokens(maxPromptTokens)
                .plan(plan == null ? null : Plans.of(plan))
                .loras(loras == null ? null : loras.stream().map(hub::lora).toList())
                .build();
    }
}
