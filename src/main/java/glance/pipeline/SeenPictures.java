package glance.pipeline;

import glance.model.Canvas;
import glance.model.Family;
import glance.model.ReferenceRules;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The latents of reference pictures. The last ones are kept on the device, so that a picture that
 * comes again does not need the autoencoder.
 */
final class SeenPictures implements AutoCloseable {
    static final String STAGE = "reference pictures";

    /** One of 1024 x 1024 pixels has 1 MB. */
    private static final int MOST = 16;

    private final Ops ops;
    private final Parts parts;
    private final Family.Geometry geometry;
    private final Map<String, Canvas.Reference> known = new LinkedHashMap<>(16, 0.75f, true);

    SeenPictures(Ops ops, Parts parts, Family.Geometry geometry) {
        this.ops = ops;
        this.parts = parts;
        this.geometry = geometry;
    }

    /**
     * Encodes pictures.
     *
     * @return in the same order; the caller releases each
     */
    List<Canvas.Reference> of(
            List<ReferencePicture> pictures, ReferenceRules rules, RunListener listener) {
        List<Canvas.Reference> result = new ArrayList<>();
        try {
            for (ReferencePicture picture : pictures) {
                Canvas.Reference one = known.get(picture.hash());
                if (one == null) {
                    listener.stage(STAGE);
                    one = encode(picture.seen(rules));
                    known.put(picture.hash(), one);
                }
                one.latents().storage().retain();
                result.add(one);
            }
        } catch (RuntimeException | Error e) {
            result.forEach(SeenPictures::release);
            throw e;
        } finally {
            parts.leaveCodec();
        }
        Iterator<Canvas.Reference> oldest = known.values().iterator();
        while (known.size() > MOST) {
            release(oldest.next());
            oldest.remove();
        }
        return result;
    }

    private Canvas.Reference encode(BufferedImage picture) {
        try (Scope scope = ops.scope()) {
            Tensor latents = parts.codec().encode(ops, Pictures.tensor(ops, picture));
            latents.storage().retain();
            return new Canvas.Reference(
                    latents, geometry.grid(picture.getWidth(), picture.getHeight()));
        }
    }

    static void release(Canvas.Reference reference) {
        reference.latents().storage().release();
    }

    /** Forgets all. */
    @Override
    public void close() {
        known.values().forEach(SeenPictures::release);
        known.clear();
    }
}
