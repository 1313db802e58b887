package glance.train;

import glance.api.FormatException;
import glance.io.Fingerprint;
import glance.io.Images;
import glance.io.PictureFit;
import glance.model.Family;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a run learns from.
 *
 * @param examples in the order of the pictures
 * @param fingerprint changes when a picture, its size or a caption does
 */
public record ExampleSet(List<TrainingExample> examples, String fingerprint) {
    /**
     * Encodes pictures and captions; the tensors belong to the innermost scope. All texts come
     * first, so that the text encoder is gone before the autoencoder is opened.
     *
     * @param dropped what stands for a caption that is left out, or null if none ever is
     * @throws FormatException naming the file, if a picture cannot be used
     */
    public static ExampleSet encode(
            Encodings encodings,
            List<CaptionedPicture> pictures,
            PictureFit fit,
            Family.Geometry geometry,
            String dropped) {
        TextBatch blank =
                dropped == null
                        ? null
                        : encodings.text(Map.of("the text of dropped captions", dropped));
        List<TextBatch> captions =
                pictures.stream()
                        .map(
                                picture ->
                                        encodings.text(
                                                Map.of(
                                                        "caption of "
                                                                + picture.picture().getFileName(),
                                                        picture.caption())))
                        .toList();
        List<TrainingExample> examples = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < pictures.size(); i++) {
            BufferedImage image = read(pictures.get(i), fit);
            TokenGrid grid = geometry.grid(image.getWidth(), image.getHeight());
            examples.add(
                    new TrainingExample(encodings.latents(image), captions.get(i), blank, grid));
            keys.add(Encodings.pictureKey(image));
            keys.add(pictures.get(i).caption());
        }
        keys.add(String.valueOf(dropped));
        return new ExampleSet(List.copyOf(examples), Fingerprint.of(keys.toArray(String[]::new)));
    }

    private static BufferedImage read(CaptionedPicture picture, PictureFit fit) {
        try {
            return fit.apply(Images.readUpright(picture.picture()));
        } catch (IllegalArgumentException e) {
            throw new FormatException(picture.picture(), null, e.getMessage(), null, e);
        }
    }
}
