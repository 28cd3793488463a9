{
	"target_defaults": {
		"cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
		"cflags_cc": [
			"-std=c++20", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror",
			"-iquote", "<(module_root_dir)",
			"-isystem", "<!(node -p \"require('path').resolve(require('node-addon-api').include_dir)\")"
		]
	},
	"targets": [
		{
			"target_name": "p2p",
			"sources": ["<!@(ls -1 sys/*.cpp pci/*.cpp route/*.cpp vfio/*.cpp device/*.cpp transfer/*.cpp bind/*.cpp binding/*.cpp)"],
			"defines": ["NAPI_VERSION=9", "NAPI_CPP_EXCEPTIONS"],
			"libraries": ["-lblkid"]
		}
	]
}
