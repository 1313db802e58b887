package glance.schedule;

import com.code_intelligence.jazzer.junit.FuzzTest;
import glance.fuzz.Reader;
import java.io.IOException;

/** Plans that others wrote. */
class PlanFuzzTest {
    @FuzzTest
    void plan(byte[] content) throws IOException {
        Reader.judge("plan.json", content, PlanJson::read);
    }
}
