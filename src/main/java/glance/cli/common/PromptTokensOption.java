package glance.cli.common;

import glance.model.PromptTokens;
import picocli.CommandLine.Option;

/** How much of a prompt is read. */
public final class PromptTokensOption {
    @Option(
            names = "--max-prompt-tokens",
            paramLabel = "N",
            description =
                    "Tokens of a prompt that T5 or Qwen reads; CLIP always reads 77. Default: the"
                            + " model's own, 512 for FLUX and Qwen-Image, 256 for SD3.")
    private Integer tokens;

    /** What was given, or null. */
    public Integer given() {
        if (tokens != null && tokens < 1) {
            throw new WrongUseException("--max-prompt-tokens " + tokens + ": must be 1 or more");
        }
        return tokens;
    }

    /**
     * The number to use, 0 for models that have none.
     *
     * @throws WrongUseException if the model cannot read so many
     */
    public int resolve(PromptTokens known) {
        Integer given = given();
        try {
            return known.of(given == null ? 0 : given);
        } catch (IllegalArgumentException e) {
            throw new WrongUseException("--max-prompt-tokens: " + e.getMessage());
        }
    }
}
