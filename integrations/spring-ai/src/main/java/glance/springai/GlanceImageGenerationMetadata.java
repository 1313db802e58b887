package glance.springai;

import glance.api.Request;
import org.springframework.ai.image.ImageGenerationMetadata;

/**
 * What a picture was made with.
 *
 * @param seed its start noise
 * @param request what makes it again, to the bit, without gaps
 */
public record GlanceImageGenerationMetadata(long seed, Request request)
        implements ImageGenerationMetadata {}
