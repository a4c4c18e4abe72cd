//! What the chart tells the program, told to the program.

use std::process::Command;

use serde_json::Value;

use crate::RENDERINGS;
use crate::helm::Rendering;

/// What the program says to the arguments and variables of a container, where there is no cluster.
fn said_to(container: &Value) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stanchion"));
    for variable in container["env"].as_array().into_iter().flatten() {
        let value = variable["value"].as_str().unwrap_or("of-the-pod");
        command.env(variable["name"].as_str().unwrap(), value);
    }
    for argument in container["args"].as_array().unwrap() {
        command.arg(argument.as_str().unwrap());
    }
    let output = command.arg("--kubeconfig=/nonexistent/kubeconfig").output().unwrap();
    assert!(!output.status.success(), "there is no cluster");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_program_knows_every_argument_and_variable_that_the_chart_gives_it() {
    let joint = Rendering::of_with("cert-manager", &["--set=mode=separate"]);
    for rendering in RENDERINGS.map(Rendering::of).into_iter().chain([joint]) {
        let is_deployment = |object: &Value| object["kind"] == "Deployment";
        for deployment in rendering.objects().into_iter().filter(is_deployment) {
            let container = &deployment["spec"]["template"]["spec"]["containers"][0];
            let said = said_to(container);
            assert!(said.contains("/nonexistent/kubeconfig"), "{}: {said}", container["args"]);
        }
    }
}
