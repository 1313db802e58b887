package glance.cli;

import com.code_intelligence.jazzer.junit.FuzzTest;
import glance.cli.common.Prompts;
import glance.cli.common.WrongUseException;
import glance.cli.train.TrainFile;
import glance.fuzz.Reader;
import glance.picture.PictureText;
import java.io.IOException;

/** Files of others that only the command line reads. */
class CliFuzzTest {
    @FuzzTest
    void settingsOfAPicture(byte[] content) throws IOException {
        Reader.judge("picture.png", content, PictureText::read);
    }

    @FuzzTest
    void trainFile(byte[] content) throws IOException {
        Reader.judge("train.yaml", content, TrainFile::read);
    }

    @FuzzTest
    void prompts(byte[] content) throws IOException {
        Reader.judge(
                "prompts.txt",
                content,
                file -> {
                    try {
                        Prompts.read(file);
                    } catch (WrongUseException e) {
                        // its words are for the terminal
                    }
                });
    }
}
