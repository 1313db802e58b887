package glance.cli.compare;

import glance.api.Request;
import glance.cli.common.GuidanceOptions;
import glance.cli.common.ModelOption;
import glance.cli.common.PromptTokensOption;
import glance.cli.common.ReferenceOption;
import glance.cli.common.SeedConverter;
import glance.cli.common.Session;
import glance.cli.common.SettingsOptions;
import glance.cli.common.SizeOption;
import glance.cli.common.StartOptions;
import glance.cli.common.WrongUseException;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.pipeline.Families;
import glance.pipeline.Settings;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that all runs of a comparison share. */
final class CompareSetting {
    private static final int MAX_SEEDS = 1000;

    @Mixin private ModelOption model;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            converter = SeedConverter.class,
            description = "The first seed; -1 for a random one. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "Seeds for each prompt, counting up; several show how much seeds matter."
                            + " Default: ${DEFAULT-VALUE}.")
    private int seeds;

    @Mixin private GuidanceOptions guidance;

    @Option(
            names = "--negative",
            paramLabel = "TEXT",
            description = "What guidance leads away from. Default: the model's own.")
    private String negative;

    @Mixin private ReferenceOption references;
    @Mixin private StartOptions start;
    @Mixin private SizeOption size;
    @Mixin private PromptTokensOption promptTokens;

    /** The model as the user named it. */
    String model() {
        return model.name();
    }

    /** The model with the parts that the user gave. */
    ModelFolder folder(Session session) {
        return model.open(session);
    }

    /**
     * Prompts, seeds, pictures, size and guidance; what the user does not say is the model's own.
     *
     * @throws WrongUseException if a number makes no sense
     */
    Request of(List<String> prompts, ModelFolder folder) {
        requireRange("--seeds", seeds, MAX_SEEDS);
        Family family = Families.of(folder);
        Family.Defaults defaults = Families.defaults(folder);
        Request pictures = Request.of(prompts).references(references.files());
        Request seen =
                SettingsOptions.set(
                        pictures, start.init(Optional.empty()).orElse(null), Request::init);
        Request request =
                seen.seed(seed)
                        .batch(seeds)
                        .size(size.over(() -> Settings.size(seen, folder)))
                        .maxPromptTokens(promptTokens.resolve(family.promptTokens(folder)));
        request = SettingsOptions.set(request, negative, Request::negative);
        request = SettingsOptions.set(request, guidance.scale(defaults), Request::guidance);
        request = SettingsOptions.set(request, guidance.limit(), Request::guidanceLimit);
        request = SettingsOptions.set(request, guidance.adaptersOn(), Request::adaptersOn);
        return SettingsOptions.set(request, guidance.embedded(defaults), Request::embeddedGuidance);
    }

    static void requireRange(String option, int value, int most) {
        if (value < 1 || value > most) {
            throw new WrongUseException(
                    option
                            + " "
                            + value
                            + ": must be 1 or more"
                            + (most == Integer.MAX_VALUE ? "" : ", at most " + most));
        }
    }
}
