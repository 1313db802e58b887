package glance.scene;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.SceneScore;
import glance.io.Config;
import glance.scene.Scene.SceneObject;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class SceneScorerTest {
    private static final Path SCENES = Path.of("eval/scenes.jsonl");

    private static List<Scene> scenes() {
        try {
            return Files.readAllLines(SCENES).stream()
                    .map(line -> Scene.read(Config.parse(SCENES, null, line)))
                    .toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Scene with(Scene scene, List<SceneObject> objects) {
        return new Scene(
                scene.prompt(), scene.kind(), scene.unseenPair(), scene.background(), objects);
    }

    /** The scene with its first object changed. */
    private static Scene changed(Scene scene, UnaryOperator<SceneObject> change) {
        List<SceneObject> objects = new ArrayList<>(scene.objects());
        objects.set(0, change.apply(objects.get(0)));
        return with(scene, objects);
    }

    private static SceneScore score(Scene wanted, Scene drawn) {
        return SceneScorer.score(wanted, SceneRenderer.render(drawn));
    }

    @Test
    void rightPicturesOfAllScenes_areAllRight() {
        List<Scene> scenes = scenes();
        assertThat(scenes).hasSize(90);
        assertThat(scenes).filteredOn(Scene::unseenPair).hasSize(30);
        assertThat(scenes).allSatisfy(scene -> assertThat(score(scene, scene).all()).isTrue());
    }

    @Test
    void rightPicturesOfRandomScenes_areAllRight() {
        RandomScenes random = new RandomScenes(1);
        for (int i = 0; i < 200; i++) {
            Scene scene = random.next();
            assertThat(score(scene, scene).all()).as(scene.toString()).isTrue();
        }
    }

    /** As much noise as the autoencoder of glance-tiny leaves: 34.6 dB. */
    @Test
    void noisyPictures_areStillRight() {
        Random random = new Random(2);
        for (Scene scene : scenes()) {
            BufferedImage picture = SceneRenderer.render(scene);
            noise(picture, random);
            assertThat(SceneScorer.score(scene, picture).all()).as(scene.toString()).isTrue();
        }
    }

    private static void noise(BufferedImage picture, Random random) {
        for (int i = 0; i < Scene.SIDE * Scene.SIDE; i++) {
            int rgb = picture.getRGB(i % Scene.SIDE, i / Scene.SIDE);
            int noisy = 0;
            for (int shift = 0; shift <= 16; shift += 8) {
                double level = (rgb >> shift & 255) + 5 * random.nextGaussian();
                noisy |= (int) Math.max(0, Math.min(255, Math.round(level))) << shift;
            }
            picture.setRGB(i % Scene.SIDE, i / Scene.SIDE, noisy);
        }
    }

    @Test
    void otherBackground_isNoticed() {
        for (Scene scene : scenes()) {
            SceneColor other = unused(scene);
            Scene drawn = new Scene(scene.prompt(), scene.kind(), false, other, scene.objects());
            SceneScore score = score(scene, drawn);
            assertThat(score)
                    .as(scene.toString())
                    .isEqualTo(new SceneScore(false, true, true, true, layout(scene)));
            assertThat(score.all()).isFalse();
        }
    }

    @Test
    void otherColor_isNoticed() {
        for (Scene scene : scenes()) {
            SceneColor other = unused(scene);
            Scene drawn = changed(scene, o -> object(other, o.shape(), o.x(), o.y(), o.radius()));
            assertThat(score(scene, drawn))
                    .as(scene.toString())
                    .isEqualTo(new SceneScore(true, false, true, true, layout(scene)));
        }
    }

    @Test
    void otherShape_isNoticed() {
        for (Scene scene : scenes()) {
            SceneShape is = scene.objects().get(0).shape();
            for (SceneShape other : SceneShape.values()) {
                if (scene.objects().stream().noneMatch(o -> o.shape() == other)) {
                    Scene drawn =
                            changed(scene, o -> object(o.color(), other, o.x(), o.y(), o.radius()));
                    assertThat(score(scene, drawn))
                            .as(is + " as " + other + " in " + scene)
                            .isEqualTo(new SceneScore(true, true, false, true, layout(scene)));
                }
            }
        }
    }

    @Test
    void objectTooMany_isNoticed() {
        for (Scene scene : scenes()) {
            if (scene.kind() == Scene.Kind.PLACE) {
                SceneObject first = scene.objects().get(0);
                List<SceneObject> objects = new ArrayList<>(scene.objects());
                objects.add(
                        object(first.color(), first.shape(), 64 - first.x(), 64 - first.y(), 8));
                assertThat(score(scene, with(scene, objects)))
                        .as(scene.toString())
                        .isEqualTo(new SceneScore(true, true, true, false, true));
            }
        }
    }

    @Test
    void missingObject_isNoticed() {
        for (Scene scene : scenes()) {
            int count = scene.objects().size();
            if (count > 1) {
                Scene drawn = with(scene, scene.objects().subList(1, count));
                SceneScore score = score(scene, drawn);
                assertThat(score.count()).as(scene.toString()).isFalse();
                assertThat(score.background()).isTrue();
                assertThat(score.all()).isFalse();
            }
        }
    }

    @Test
    void otherPlace_isNoticed() {
        for (Scene scene : scenes()) {
            double shift = scene.kind() == Scene.Kind.ONE ? 15 : 0;
            List<SceneObject> turned =
                    scene.objects().stream()
                            .map(
                                    o ->
                                            object(
                                                    o.color(),
                                                    o.shape(),
                                                    64 - o.x() - shift,
                                                    64 - o.y() + shift,
                                                    Math.min(o.radius(), 13)))
                            .toList();
            SceneScore score = score(scene, with(scene, turned));
            Boolean expected = scene.kind() == Scene.Kind.COUNT ? null : Boolean.FALSE;
            assertThat(score)
                    .as(scene.toString())
                    .isEqualTo(new SceneScore(true, true, true, true, expected));
        }
    }

    @Test
    void emptyPicture_showsOnlyTheBackground() {
        for (Scene scene : scenes()) {
            BufferedImage picture =
                    SceneRenderer.render(
                            with(
                                    scene,
                                    List.of(
                                            object(
                                                    scene.background(),
                                                    SceneShape.CIRCLE,
                                                    9,
                                                    9,
                                                    5))));
            SceneScore score = SceneScorer.score(scene, picture);
            assertThat(score.background()).isTrue();
            assertThat(score.colors() || score.shapes() || score.count() || score.all()).isFalse();
        }
    }

    @Test
    void blob_isNoShape() {
        Scene scene = scenes().get(4);
        BufferedImage picture =
                SceneRenderer.render(
                        with(
                                scene,
                                List.of(object(scene.background(), SceneShape.CIRCLE, 9, 9, 5))));
        Random random = new Random(3);
        int blue = 0x1e50dc;
        for (int i = 0; i < 40; i++) {
            int x = 22 + random.nextInt(20);
            int y = 22 + random.nextInt(20);
            for (int k = 0; k < 9; k++) {
                picture.setRGB(x + k % 3, y + k / 3, blue);
            }
        }
        SceneScore score = SceneScorer.score(scene, picture);
        assertThat(score.colors()).isTrue();
        assertThat(score.shapes()).isFalse();
    }

    @Test
    void otherSize_isRefused() {
        BufferedImage wide = new BufferedImage(96, 64, BufferedImage.TYPE_INT_RGB);
        assertThatThrownBy(() -> SceneScorer.score(scenes().get(0), wide))
                .hasMessage("scene score: the picture must be 64 x 64 pixels, got 96 x 64");
    }

    @Test
    void unknownWord_isRefusedByKey() {
        String line =
                "{\"prompt\": \"x\", \"kind\": \"one\", \"background\": \"teal\","
                        + " \"objects\": [{\"color\": \"red\", \"shape\": \"star\", \"x\": 3,"
                        + " \"y\": 4, \"radius\": 5}]}";
        assertThatThrownBy(() -> Scene.read(Config.parse(SCENES, "line 1", line)))
                .hasMessageContaining("line 1.background")
                .hasMessageContaining("known: red, orange");
        assertThatThrownBy(
                        () ->
                                Scene.read(
                                        Config.parse(
                                                SCENES,
                                                "line 1",
                                                line.replace("star", "blob")
                                                        .replace("teal", "red"))))
                .hasMessageContaining("line 1.objects[0].shape");
    }

    private static SceneObject object(
            SceneColor color, SceneShape shape, double x, double y, double radius) {
        return new SceneObject(color, shape, x, y, radius);
    }

    private static Boolean layout(Scene scene) {
        return scene.kind() == Scene.Kind.COUNT ? null : Boolean.TRUE;
    }

    /** A colour that the scene does not have. */
    private static SceneColor unused(Scene scene) {
        return Arrays.stream(SceneColor.values())
                .filter(color -> color != scene.background())
                .filter(color -> scene.objects().stream().noneMatch(o -> o.color() == color))
                .findFirst()
                .orElseThrow();
    }
}
